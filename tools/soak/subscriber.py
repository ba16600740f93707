"""A subscriber that misses nothing and checks all it reads."""

import os
import re
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import zmq

from tools.soak.daemon import Daemon
from tools.soak.machine import Reading, Spent, read_machine, spent

RATE = 16_000  # Hz

_PATIENCE = 60.0  # seconds without any message: the daemon is taken for dead
_SLACK = 1e-6  # seconds: starts are rounded
_MIB = 1024.0  # KiB
_WINDOW = "genderstream.window/1"


class Stream(msgspec.Struct):
    """What is looked at of a stream's health."""

    state: str
    sample_rate: int
    captured: int
    processed: int
    waiting: int
    lost: dict[str, int]
    skipped: int
    latency_ms: dict[str, float] | None


class Message(msgspec.Struct):
    """What is looked at of a message: the end of it in health alone, the middle in windows."""

    schema: str
    sequence: int
    start: float = 0.0
    end: float = 0.0
    hop: float = 0.0
    gap_before: int = 0
    late_ms: float = 0.0
    streams: dict[str, Stream] = {}


@dataclass(frozen=True, slots=True)
class Point:
    """The daemon as it was at one health message."""

    when: float  # seconds since the beginning
    memory: float  # MiB
    threads: int
    files: int
    p50: float  # ms, the median of all streams'
    p99: float
    late: float  # ms, the worker
    streams: int
    lost: float  # seconds of audio, so far
    skipped: int  # windows, so far
    spent: Spent  # since the last one

    @property
    def spare_files(self) -> int:
        """Open files but one for each stream."""
        return self.files - self.streams


@dataclass
class Seen:
    """What the subscriber saw."""

    messages: int = 0
    windows: int = 0
    holes: int = 0  # messages that never came
    strays: int = 0  # windows that do not lie where the one before, and what was lost since, let them
    healths: int = 0
    unbalanced: int = 0  # streams in health messages whose samples do not add up
    left: int = 0  # streams that ended before all that was captured had been decided
    ended: int = 0  # streams
    captured: float = 0.0  # seconds of audio, streams that ended
    lost: Counter[str] = field(default_factory=Counter)  # seconds by cause, the same
    skipped: int = 0  # windows, the same
    silent: bool = False  # the daemon said nothing for a minute
    going: dict[str, Stream] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    _following: dict[bytes, int] = field(default_factory=dict)  # the sequence that each topic's next should have
    _windows: dict[bytes, Message] = field(default_factory=dict)  # its last one

    def take(self, topic: bytes, message: Message) -> None:
        """Count and check `message`."""
        self.messages += 1
        self.holes += abs(message.sequence - self._following.get(topic, message.sequence))
        self._following[topic] = message.sequence + 1
        if message.schema == _WINDOW:
            self.windows += 1
            before = self._windows.get(topic)
            self.strays += before is not None and _strays(before, message)
            self._windows[topic] = message
        if message.streams:
            self._balance(message.streams)

    def _balance(self, streams: dict[str, Stream]) -> None:
        self.healths += 1
        self.going = {}
        for name, stream in streams.items():
            self.unbalanced += stream.captured != stream.processed + stream.waiting + stream.lost["lapped"]
            if stream.state != "ended":
                self.going[name] = stream
                continue
            self.ended += 1
            self.left += stream.waiting > 0
            self._add(stream)
            for kind in (b"window", b"turn", b"call"):
                self._following.pop(b"%s/%s/" % (kind, name.encode()), None)
                self._windows.pop(b"%s/%s/" % (kind, name.encode()), None)

    def _add(self, stream: Stream) -> None:
        self.captured += stream.captured / stream.sample_rate
        self.skipped += stream.skipped
        for cause, samples in stream.lost.items():
            self.lost[cause] += samples / stream.sample_rate

    def total(self) -> "Seen":
        """The sums with those streams that go on."""
        total = Seen(captured=self.captured, lost=Counter(self.lost), skipped=self.skipped)
        for stream in self.going.values():
            total._add(stream)
        return total


def _strays(before: Message, window: Message) -> bool:
    """Whether it lies elsewhere than a hop after the one before; where something was lost, touches it."""
    if window.gap_before:
        return window.start < before.end + window.gap_before / RATE - _SLACK
    return abs(window.start - before.start - window.hop) > _SLACK


def follow(daemon: Daemon, seen: Seen, over: Callable[[], bool]) -> Iterator[None]:
    """Read all that `daemon` publishes, to its end; ask for that once it is `over`. Yields at each health message."""
    decoder, began, asked = msgspec.json.Decoder(Message), time.monotonic(), False
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.set_hwm(0)
        socket.subscribe(b"")
        socket.connect(daemon.endpoint)
        heard, reading = began, read_machine(daemon.process.pid, began)
        while not (seen.silent or (daemon.process.poll() is not None and not socket.poll(500))):
            if not asked and over():
                asked = True
                daemon.stop()
            if not socket.poll(500):
                seen.silent = time.monotonic() - heard > _PATIENCE
                continue
            topic, content = socket.recv_multipart()
            heard, message = time.monotonic(), decoder.decode(content)
            seen.take(topic, message)
            if seen.going and message.streams and not asked:
                reading = _examine(seen, message, daemon, reading, began)
            if message.streams:
                yield


def _examine(seen: Seen, health: Message, daemon: Daemon, before: Reading, began: float) -> Reading:
    """Add a Point: what the daemon takes of the machine, and gets of it."""
    latencies = [stream.latency_ms for stream in health.streams.values() if stream.latency_ms]
    pid, total = daemon.process.pid, seen.total()
    with suppress(OSError, AttributeError, TypeError):  # it has ended meanwhile
        urllib.request.urlopen(daemon.metrics, timeout=5.0).read()
        status = Path(f"/proc/{pid}/status").read_text("ascii")
        memory, threads = (int(re.search(rf"{name}:\s+(\d+)", status)[1]) for name in ("VmRSS", "Threads"))
        files = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - names are all we want
        now = read_machine(pid, time.monotonic())
        p50, p99 = (float(np.median([each[name] for each in latencies] or [0.0])) for name in ("p50", "p99"))
        seen.points.append(
            Point(
                now.when - began, memory / _MIB, threads, files, p50, p99, health.late_ms, len(seen.going),
                sum(total.lost.values()), total.skipped, spent(before, now),
            )
        )  # fmt: skip
        return now
    return before
