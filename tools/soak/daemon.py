"""The daemon under test: a real one, in a process of its own, with its metrics served."""

import ctypes
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "stream" / "demo" / "demo.flac"
FREE = "tcp://127.0.0.1:*"

_REPLAY_SHARE = 0.15  # of the time: how long messages are kept, 10 minutes at most
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Daemon:
    """`genderstream run`, once it has said where it publishes."""

    def __init__(self, arguments: Sequence[str], seconds: float, stdin: int) -> None:
        """`seconds` that it will run: what is kept for replay is full long before."""
        minutes = min(10.0, _REPLAY_SHARE * seconds / 60.0)
        options = ["--bind", FREE, "--ask", FREE, "--metrics", "0", "--replay-minutes", f"{minutes:.3f}"]
        command = [sys.executable, "-m", "stream", "run", *arguments, *options, "--high-water", "1000000"]
        self.process = subprocess.Popen(
            command, stdin=stdin, stderr=subprocess.PIPE, cwd=ROOT,
            preexec_fn=lambda: ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM),  # noqa: PLW1509 - one thread
        )  # fmt: skip
        self.said: list[str] = []  # last lines on standard error

    def open(self) -> None:
        """Wait until it can be heard. Raises SystemExit where it does not start."""
        self.endpoint = self.await_line(r"publishing on (\S+),")
        self.metrics = self.await_line(r"metrics on (\S+)")

    def await_line(self, pattern: str) -> str:
        """What `pattern` finds in a line on standard error."""
        assert self.process.stderr
        for line in self.process.stderr:
            self.said.append(line.decode())
            if found := re.search(pattern, self.said[-1]):
                return found[1]
        raise SystemExit(f"the daemon did not start: {''.join(self.said)}")

    def listen(self) -> None:
        """Read on, whatever it says from now on."""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr
        with suppress(ValueError):  # closed at the end
            for line in self.process.stderr:
                self.said = [*self.said[-20:], line.decode()]

    def stop(self) -> None:
        """Ask for the end, as its user would."""
        self.process.send_signal(signal.SIGINT)


@contextmanager
def running(arguments: Sequence[str], seconds: float, *, stdin: int = subprocess.DEVNULL) -> Iterator[Daemon]:
    """A Daemon with these `arguments`; gone afterwards."""
    daemon = Daemon(arguments, seconds, stdin)
    try:
        daemon.open()
        yield daemon
    finally:
        daemon.process.kill()
        daemon.process.wait()


def feed(daemon: Daemon, channels: int, wanted: int, over: Callable[[], bool]) -> None:
    """Write `wanted` samples of all `channels` together as fast as they are taken, until `over`; then end the input.

    Each channel plays the demo, beginning elsewhere.
    """
    assert daemon.process.stdin
    sound, _ = soundfile.read(DEMO, dtype="int16")
    pieces = np.array_split(np.stack([np.roll(sound, i * sound.size // channels) for i in range(channels)], 1), 60)
    contents, written, i = [piece.tobytes() for piece in pieces], 0, 0
    with suppress(BrokenPipeError), daemon.process.stdin as pipe:
        while written < wanted and not over():
            pipe.write(contents[i])
            written += pieces[i].size
            i = (i + 1) % len(pieces)
