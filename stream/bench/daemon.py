"""Real daemons for the measurements: `genderstream run` on a core of its own, and a subscriber that notes when."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec
import zmq

from models import GenderstreamError
from stream.bench.process import pin, raise_priority

FREE = "tcp://127.0.0.1:*"
_PATIENCE = 60.0  # seconds for a daemon to start
_LOOK = 0.005  # seconds between looks at what it has said


class Heard(NamedTuple):
    """One window message. Times are seconds of the wall's clock, which all processes share."""

    stream: str
    sequence: int
    end: float  # seconds from the stream's first sample
    arrived: float  # its last sample, in the ring
    published: float
    received: float
    overload: bool  # the daemon skipped it, and said so
    lost: int  # samples of the stream so far
    size: int  # bytes


class _Window(msgspec.Struct):
    stream: str
    sequence: int
    time: datetime
    end: float
    reason: str | None
    lost_samples: int
    latency_ms: float


class BenchDaemon:
    """`genderstream run` with `arguments`, on the first core alone; this process is on the last."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "stream", "run", "--bind", FREE, "--ask", FREE, *arguments]
        self._said = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed with the daemon
        self.started = time.time()
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._said,
            env=os.environ | (environment or {}), preexec_fn=alone,  # noqa: PLW1509 - no threads here
        )  # fmt: skip
        self._context = zmq.Context()
        self._windows = self._context.socket(zmq.SUB)
        self._windows.set_hwm(0)
        self._windows.subscribe("window/")
        try:
            self._windows.connect(self.await_said(r"publishing on (\S+), "))
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def hear(self, seconds: float) -> list[Heard]:
        """Every window that comes in the next `seconds`, in order; read when all are there, to be quick."""
        frames, until = [], time.time() + seconds
        while (left := until - time.time()) > 0.0:
            if self._windows.poll(int(left * 1000.0) + 1):
                frames.append((self._windows.recv_multipart()[1], time.time()))
        decoder = msgspec.json.Decoder(_Window)
        return [_heard(decoder.decode(content), received, len(content)) for content, received in frames]

    @property
    def cpu_seconds(self) -> float:
        """Processor time so far, of all threads and of the processes that it has started itself."""
        return sum(time.clock_gettime(~each << 3 | 2) for each in self._family())  # Linux: another process's clock

    @property
    def memory_mb(self) -> float:
        """Resident memory now."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        if not found:
            raise GenderstreamError(f"the daemon has ended: {self._text().strip()!r}")
        return int(found[1]) / 1024.0

    def stop(self) -> str:
        """End it; what it said."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait()
        return self._text()

    def _family(self) -> list[int]:
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return [self._process.pid, *(int(child) for task in tasks for child in task.read_text("utf-8").split())]

    def await_said(self, pattern: str) -> str:
        """The first group of `pattern`, once what it has said on standard error has that."""
        until = time.time() + _PATIENCE
        while time.time() < until and self._process.poll() is None:
            if found := re.search(pattern, self._text()):
                return found[1]
            time.sleep(_LOOK)
        raise GenderstreamError(f"the daemon did not start: {self._text().strip()!r}")

    def _text(self) -> str:
        return Path(self._said.name).read_text("utf-8", "replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._said.close()
        self._context.destroy(linger=0)


def alone() -> None:
    """Before a child runs: the first core for itself, as far as the system lets us."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    pin(0)
    raise_priority()


def _heard(window: _Window, received: float, size: int) -> Heard:
    published = window.time.timestamp()
    return Heard(
        window.stream, window.sequence, window.end, published - window.latency_ms / 1000.0, published, received,
        window.reason == "overload", window.lost_samples, size,
    )  # fmt: skip
