"""Messages that are missed, with real processes: slow, dead and many subscribers, killed daemons, full disks."""

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec
import pytest
import zmq

from stream.client import Client, Heard, Lost, NewEpoch
from stream.messages import HealthMessage, WindowMessage

RATE = 16_000
HOP = 0.1
TOPIC = "window/spoken/"


def windows(seconds):
    """How many windows of 2 s there are in so much audio, at a hop of HOP."""
    return round((seconds - 2.0) / HOP) + 1


@pytest.fixture
def endpoints(tmp_path):
    """Where a daemon will be, and the next one: Unix sockets, whose buffers are small."""
    return tuple(f"ipc://{tmp_path}/{name}" for name in ("publish", "ask"))


@pytest.fixture
def speak(daemon, endpoints):
    """speak(*arguments): a daemon that hears standard input as the stream `spoken`, a window every HOP."""

    def speak(*arguments, **options):
        ports = ("--bind", endpoints[0], "--ask", endpoints[1])
        common = ("--name", "here", "--stream", "spoken", "--hop", HOP, *arguments)
        return daemon("-", *common, ports=ports, stdin=subprocess.PIPE, bufsize=0, **options)

    return speak


@pytest.fixture
def follow(stack, endpoints):
    """follow(topic, **options): a Client of the daemon at `endpoints`."""

    def follow(topic=TOPIC, **options):
        return stack.enter_context(Client(endpoints[0], ask=endpoints[1], topic=topic, **options))

    return follow


def say(daemon, seconds):
    """Silence: it is decided on fast."""
    daemon.process.stdin.write(bytes(2 * round(seconds * RATE)))


def await_windows(ask, daemon, count):
    """Wait until the daemon has published so many windows."""
    while msgspec.json.decode(ask(daemon, b"sequences")[1])["next"].get(TOPIC, 0) < count:
        threading.Event().wait(0.02)


def numbers(records):
    return [record.sequence for record in records]


@pytest.mark.slow
def test_a_subscriber_that_was_stopped_fills_its_hole(speak, endpoints, ask, start, genderstream):
    """SIGSTOPped while more is published than sockets hold: the missing messages are asked for, and come in order.

    One that has nobody to ask loses them, and says exactly which.
    """
    running = speak("--high-water", "5")
    common = (genderstream, "subscribe", "--connect", endpoints[0], "--topic", TOPIC)
    subscribers = [start(*common, "--ask", endpoint) for endpoint in (endpoints[1], endpoints[1] + ".nobody")]
    for subscriber in subscribers:
        subscriber.await_line("connected to")
    say(running, 2.0)
    heard = [[msgspec.json.decode(each.process.stdout.readline())["sequence"]] for each in subscribers]
    for subscriber in subscribers:
        subscriber.process.send_signal(signal.SIGSTOP)
    say(running, 300.0)
    await_windows(ask, running, windows(302))
    for subscriber in subscribers:
        subscriber.process.send_signal(signal.SIGCONT)
    for subscriber, sequences in zip(subscribers, heard, strict=True):
        while sequences[-1] < windows(302):
            say(running, 0.5)  # one who cannot ask learns of its hole by what follows, once it has room for it
            sequences.append(msgspec.json.decode(subscriber.process.stdout.readline())["sequence"])
    assert heard[0] == list(range(heard[0][-1] + 1))
    missing = sorted(set(range(heard[1][-1])) - set(heard[1]))
    assert missing
    assert heard[1] == sorted(heard[1])
    ended = [subscriber.finish(signal.SIGINT) for subscriber in subscribers]
    assert "lost" not in ended[0].error
    said = [line.split() for line in ended[1].error.splitlines() if line.startswith("lost")]
    lost = [n for line in said for n in range(int(line[5]), int(line[7]) + 1)]
    assert [n for n in lost if n < heard[1][-1]] == missing


@pytest.mark.slow
def test_who_never_reads_costs_nothing(speak, endpoints, ask, context, follow):
    """One subscribes and never reads, one asks a thousand replays and never reads: all others have every message."""
    running = speak()
    say(running, 302.0)
    await_windows(ask, running, windows(302))
    before = resident_mib(running)
    deaf = context.socket(zmq.SUB)
    deaf.rcvhwm = 1
    deaf.subscribe("")
    deaf.connect(endpoints[0])
    greedy = context.socket(zmq.DEALER)
    greedy.rcvhwm = 1
    greedy.connect(endpoints[1])
    for _ in range(1000):
        greedy.send_multipart([b"replay", TOPIC.encode(), b"0"])
    client = follow(since=0)
    records = iter(client)
    assert numbers(islice(records, windows(302))) == list(range(windows(302)))
    say(running, 300.0)
    assert numbers(islice(records, 3000)) == list(range(windows(302), windows(602)))
    assert resident_mib(running) - before < 64
    assert running.stop().status == 0


def resident_mib(daemon):
    """Memory of the daemon."""
    pages = Path(f"/proc/{daemon.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE") / (1 << 20)


class Cable:
    """Passes TCP connections on to a port of this machine, until it is pulled."""

    def __init__(self, port):
        self._there, self._ends, self.here = port, [], 0
        self.plug()

    def plug(self):
        """Pass on again, from the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.here))
        self.here = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def pull(self):
        """Cut all that passes."""
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _accept(self, listener):
        with suppress(OSError):
            while True:
                ends = listener.accept()[0], socket.create_connection(("127.0.0.1", self._there))
                self._ends += ends
                for one, other in (ends, ends[::-1]):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one, other):
        with suppress(OSError):
            while content := one.recv(1 << 16):
                other.sendall(content)
            other.shutdown(socket.SHUT_RDWR)


@pytest.mark.slow
@pytest.mark.parametrize("asked", [False, True])
def test_a_cable_that_is_pulled_and_plugged_in_again(asked, daemon, ask, stack):
    """What was published meanwhile is asked for when the connection is back, though nothing follows it."""
    running = daemon("-", "--stream", "spoken", "--hop", HOP, stdin=subprocess.PIPE, bufsize=0)
    cables = [Cable(int(endpoint.rpartition(":")[2])) for endpoint in (running.endpoint, running.ask)]
    for cable in cables:
        stack.callback(cable.pull)
    publish, answer = (f"tcp://127.0.0.1:{cable.here}" for cable in cables)
    client = stack.enter_context(Client(publish, ask=answer if asked else running.ask, topic=TOPIC))
    records = iter(client)
    say(running, 2.0)
    assert next(records).sequence == 0
    for cable in cables:
        cable.pull()
    say(running, 10.0)
    await_windows(ask, running, windows(12))
    for cable in cables:
        cable.plug()
    assert numbers(islice(records, windows(12) - 1)) == list(range(1, windows(12)))


@pytest.mark.slow
def test_two_hundred_come_and_go(speak, endpoints, ask, context, follow):
    """200 that subscribe and ask, and go at once or without a word: nothing of them is left, nobody misses a thing."""
    running = speak()
    client = follow()
    records = iter(client)
    say(running, 2.0)
    assert next(records).sequence == 0
    descriptors = Path(f"/proc/{running.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    for i in range(200):
        with context.socket(zmq.SUB) as subscriber, context.socket(zmq.DEALER) as asking:
            subscriber.subscribe("")
            subscriber.connect(endpoints[0])
            asking.connect(endpoints[1])
            asking.send_multipart([b"snapshot"] if i % 2 else [b"replay", TOPIC.encode(), b"0"])
            say(running, HOP)
            if i % 3:
                asking.recv_multipart()
    assert numbers(islice(records, 200)) == list(range(1, 201))
    while len(list(descriptors.iterdir())) > before:
        ask(running, b"snapshot", b"health/")
    assert running.stop().status == 0


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_full_disk_costs_nothing_but_the_journal(tmp_path, lacking, stack, speak, follow):
    """No space left: the daemon says so and goes on, nobody misses a message; with space again the journal has all."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False).returncode:
        lacking("no small disk to fill: mounting one takes root")
    stack.callback(subprocess.run, ["umount", "--lazy", disk], check=False)
    filler = disk / "filler"
    filler.write_bytes(bytes(200_000))
    running = speak("--journal", disk)
    healths, records = iter(follow("health/")), iter(follow(since=0))
    say(running, 32.0)
    assert numbers(islice(records, windows(32))) == list(range(windows(32)))
    running.await_line("cannot write in .*No space left on device")
    health = next(each for each in healths if each.journal.error)
    assert health.journal.waiting > 0
    filler.unlink()
    running.await_line("writing again in .*; 0 messages are lost")
    health = next(each for each in healths if not each.journal.error and not each.journal.waiting)
    assert health.journal.written >= windows(32)
    (path,) = disk.iterdir()
    written = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    assert [each["sequence"] for each in written if each.get("stream")] == list(range(windows(32)))
    assert running.stop().status == 0


@pytest.mark.slow
def test_no_folder_for_the_journal(tmp_path, speak, follow, command):
    """A folder that cannot be made ends nothing: it is said, and counted at the end. A file in its place is refused."""
    running = speak("--journal", "/proc/nowhere/journal")
    running.await_line("journal: cannot write in /proc/nowhere/journal: No such file")
    say(running, 3.0)
    records = iter(follow())
    assert next(records).sequence <= windows(3)
    ended = running.stop()
    assert ended.status == 0
    assert "messages were lost, 0 are in /proc/nowhere/journal" in ended.error
    (tmp_path / "file").touch()
    refused = command("run", "-", "--journal", tmp_path / "file")
    assert refused.status == 2
    assert refused.error == f"genderstream: --journal is {tmp_path}/file: that is no folder; choose another\n"


@pytest.mark.slow
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


@pytest.mark.slow
def test_subscribe_from_a_number(speak, endpoints, ask, command):
    """`--from` begins each topic there; `--count` messages later it ends."""
    running = speak()
    say(running, 4.0)
    await_windows(ask, running, windows(4))
    common = ("subscribe", "--connect", endpoints[0], "--ask", endpoints[1], "--topic", TOPIC)
    ended = command(*common, "--from", 3, "--count", 5)
    assert [message["sequence"] for message in ended.messages] == [3, 4, 5, 6, 7]
    assert "lost" not in ended.error
    (last,) = command(*common, "--count", 1).messages
    assert last["sequence"] == windows(4) - 1


@pytest.mark.slow
def test_what_is_too_old_is_said_to_be_lost(speak, ask, follow):
    """With no memory but each topic's last message, a client that wants all is told what there is no more."""
    running = speak("--replay-minutes", "0")
    say(running, 4.0)
    await_windows(ask, running, windows(4))
    lost, last = islice(iter(follow(since=0)), 2)
    assert lost == Lost(stream="spoken", topic=TOPIC, epoch=last.epoch, first=0, last=windows(4) - 2)
    assert last.sequence == windows(4) - 1


ASYNC = """
import asyncio, sys
from stream.client import AsyncClient

async def main():
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(tick())
    async with AsyncClient(sys.argv[1], ask=sys.argv[2], topic="window/", since=0) as client:
        async for record in client:
            print(type(record).__name__, record.sequence, ticks > record.sequence // 200, flush=True)
            if record.sequence == int(sys.argv[3]):
                break
    other.cancel()
    loaded = {name.partition(".")[0] for name in sys.modules}
    print(*sorted(loaded & {"numpy", "numba", "ai_edge_litert", "sounddevice"}))

asyncio.run(main())
"""


@pytest.mark.slow
def test_asyncio_and_light(speak, endpoints, ask, start):
    """The same for asyncio, where other tasks have their turns; and neither NumPy nor Numba is imported for it."""
    running = speak()
    say(running, 62.0)
    await_windows(ask, running, windows(62))
    ended = start(sys.executable, "-c", ASYNC, *endpoints, windows(62) - 1).finish()
    *records, loaded = ended.out.splitlines()
    assert records == [f"WindowMessage {i} True" for i in range(windows(62))]
    assert loaded == ""


@pytest.mark.slow
def test_events_are_as_published(speak, ask, follow):
    """`events` gives the bytes that were published; typed records are what they hold."""
    running = speak()
    say(running, 3.0)
    await_windows(ask, running, windows(3))
    topic, content = ask(running, b"snapshot", TOPIC.encode())[1:]
    assert next(follow().events()) == Heard(topic.decode(), content)
    assert isinstance(next(iter(follow("health/"))), HealthMessage)
