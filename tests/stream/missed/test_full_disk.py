"""Disks that are full, or not there, with a real daemon: they cost what was to be written, and nothing else."""

import signal
import subprocess
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import pytest
from spoken import HOP, RATE, numbers, say, windows

pytestmark = pytest.mark.slow


@pytest.fixture
def disk(tmp_path, stack, lacking):
    """A disk of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False).returncode:
        lacking("no small disk to fill: mounting one takes root")
    stack.callback(subprocess.run, ["umount", "--lazy", disk], check=False)
    return disk


def test_a_full_disk_costs_nothing_but_the_journal(disk, speak, follow):
    """No space left: the daemon says so and goes on, nobody misses a message; with space again the journal has all."""
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


def test_a_full_disk_costs_no_decision_where_audio_is_kept(disk, speak, follow, command, demo):
    """That a stream's audio is kept no more is said once, and each window is decided on; `score` fails instead."""
    running = speak("--save-audio", disk)
    noise = np.random.default_rng(8).integers(-300, 300, 20 * RATE, np.int16)
    running.process.stdin.write(noise.tobytes())
    assert numbers(islice(iter(follow(since=0)), windows(20))) == list(range(windows(20)))
    ended = running.stop()
    assert ended.status == 0
    assert ended.error.count("spoken's audio is kept no more; is the disk full?") == 1
    scored = command("score", demo, "--save-audio", disk)
    assert scored.status == 1
    assert scored.error.startswith(f"genderstream: {disk}/demo-")


def test_standard_error_on_a_full_disk(start, genderstream, endpoints, follow):
    """Nothing that is said finds room: all windows are decided on all the same, and the status tells what it told."""
    with Path("/dev/full").open("wb") as full:
        ports = ("--bind", endpoints[0], "--ask", endpoints[1])
        options = {"stdin": subprocess.PIPE, "bufsize": 0, "stderr": full}
        running = start(genderstream, "run", "-", "--stream", "spoken", "--hop", HOP, *ports, **options)
        say(running, 4.0)
        assert numbers(islice(iter(follow(since=0)), windows(4))) == list(range(windows(4)))
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait() == 0
        assert start(genderstream, "run", "-", "--bind", "nonsense", stderr=full).process.wait() == 2
