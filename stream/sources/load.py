"""`load://COUNT`: live streams made of the demo recording, to try how many a machine carries.

Each begins at its own time and at its own place in the recording, so that their windows come evenly spread,
and some speak while others do not.
"""

import heapq
import time
from pathlib import Path

import numpy as np
import soundfile

from models import UnusableError
from stream.records import SAMPLE_RATE, Samples
from stream.sources import InputSettings, Intake

DEMO = Path(__file__).parents[1] / "demo" / "demo.flac"
MOST_STREAMS = 100_000

_BLOCK = SAMPLE_RATE // 4  # samples: what arrives at once on each stream
_BLOCK_SECONDS = _BLOCK / SAMPLE_RATE
_TICK = 0.005  # seconds: how long the source sleeps until it looks which blocks have come
_GOLDEN = (5**0.5 - 1.0) / 2.0  # its multiples lie evenly in every second, hop and block, however many there are


def open_source(source: str, settings: InputSettings) -> "Load":
    """As many streams as `source` says. Raises UnusableError."""
    count = source.partition("://")[2]
    if not count.isdecimal() or not 1 <= int(count) <= MOST_STREAMS:
        raise UnusableError(f"{source}: expected a number of streams, 1 to {MOST_STREAMS}, as in load://1000")
    return Load(int(count), settings.stream or "load")


class Load:
    """A Source of `count` streams in one thread. What it costs itself it says at the end."""

    def __init__(self, count: int, name: str) -> None:
        self.source = f"load://{count}"
        self._count, self._name = count, name

    def capture(self, intake: Intake) -> None:
        """Write a block of each stream when it is due, until stopping."""
        sound = _sound()
        feeds = [_Feed(intake, f"{self._name}-{i}", sound, i * _GOLDEN % 1.0) for i in range(self._count)]
        began = time.monotonic()
        due = [(feed.begin + _BLOCK_SECONDS, i) for i, feed in enumerate(feeds)]
        heapq.heapify(due)
        try:
            while not intake.stopping.is_set():
                now = time.monotonic() - began
                while due[0][0] <= now:
                    at, i = due[0]
                    feeds[i].write()
                    heapq.heapreplace(due, (at + _BLOCK_SECONDS, i))
                intake.stopping.wait(_TICK)
        finally:
            for feed in feeds:
                feed.ring.close()
        took, passed = time.thread_time(), time.monotonic() - began
        intake.say(f"{self._name}: writing {self._count} streams took {took:.3f} s of processor time in {passed:.3f} s")


class _Feed:
    """One stream, which begins `begin` seconds after the source and plays `sound` from a place of its own."""

    def __init__(self, intake: Intake, name: str, sound: Samples, begin: float) -> None:
        self.begin = begin
        self.ring = intake.open(name, rate=SAMPLE_RATE, live=True, timed=True)
        self._sound = sound
        self._at = int(begin * sound.size) // _BLOCK * _BLOCK

    def write(self) -> None:
        """One block more."""
        self.ring.write(self._sound[self._at : self._at + _BLOCK])
        self._at = (self._at + _BLOCK) % self._sound.size


def _sound() -> Samples:
    """The demo in whole blocks: int16[n]."""
    samples, _ = soundfile.read(DEMO, dtype="int16")
    return np.asarray(samples)[: samples.size // _BLOCK * _BLOCK]
