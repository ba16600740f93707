"""A daemon that was killed, with real processes: what its clients hear, and who may take its place."""

import signal
from itertools import islice

import msgspec
import pytest
from spoken import TOPIC, await_windows, numbers, say, windows

from stream.client import NewEpoch
from stream.messages import WindowMessage

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("journal", [False, True])
def test_a_daemon_that_is_killed_and_started_again(journal, tmp_path, speak, ask, follow):
    """SIGKILL: the client says that the epoch is new, and goes on from its number 0; a journal has the former one."""
    options = ("--journal", tmp_path / "journal") if journal else ()
    running = speak(*options)
    records = iter(follow())
    say(running, 4.0)
    await_windows(ask, running, windows(4))
    heard = [next(records)]
    while heard[-1].sequence < windows(4) - 1:
        heard.append(next(records))
    if journal:  # all are on the disk
        health = iter(follow("health/"))
        next(each for each in health if each.journal and each.journal.written > windows(4))
    running.finish(signal.SIGKILL)
    again = speak(*options)
    say(again, 4.0)
    change, *rest = islice(records, 1 + windows(4))
    assert change == NewEpoch(epoch=rest[0].epoch, previous=heard[0].epoch)
    assert numbers(rest) == list(range(windows(4)))
    answer = ask(again, b"replay", TOPIC.encode(), b"0", heard[0].epoch.encode())
    if journal:
        assert numbers(msgspec.json.decode(each, type=WindowMessage) for each in answer[2:]) == list(range(windows(4)))
    else:
        assert answer == [b"error", f"that epoch is not kept; the running one is {change.epoch}".encode()]


def test_nobody_takes_the_endpoint_of_a_daemon(speak, endpoints, ask, command):
    """A second daemon at the same Unix sockets is refused in one line; the first goes on. A dead one's are taken."""
    running = speak()
    refused = command("run", "-", "--bind", endpoints[0], "--ask", endpoints[1])
    assert refused.status == 2
    assert refused.error.startswith(f"genderstream: --bind is {endpoints[0]}: another program has it")
    assert ask(running, b"snapshot")[0] == b"snapshot"
    running.finish(signal.SIGKILL)
    again = speak()
    assert ask(again, b"snapshot")[0] == b"snapshot"
