"""How many legs of calls over RTP one core sustains, what memory each takes, and how long packets wait for order."""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np

from stream.bench.daemon import BenchDaemon
from stream.bench.result import Bar, Number, Result
from stream.bench.streams import Trial, count_missing, find_latest, hear_all, search
from stream.records import Samples
from stream.sources import InputSettings
from stream.sources.rtp.leg import Leg, Packet
from stream.words import LossCause

RESULTS = {
    "rtp_legs_per_core": Bar("G.711 over RTP: all windows published, none late by a hop, nothing lost", "", 400, 800),
    "rtp_late_ms": Bar("the latest window then, resampling from 8 kHz included", "ms", least=True),
    "rtp_cpu_percent": Bar("share of the core then", "%", least=True),
    "rtp_leg_kb": Bar("memory of each of them", "kB", least=True),
    "rtp_order_ms": Bar("wait for order where 1 packet of 100 is lost, 1 of 50 is 30 ms late; mean", "ms", least=True),
    "rtp_order_p99_ms": Bar("the same, 99 of 100 wait no longer", "ms", least=True),
}

_PACKETS = 20_000
_SECONDS, _SIZE, _RATE = 0.02, 160, 8000  # of a packet; samples in it; Hz
_LATE_SECONDS = 0.03


def measure(*, quick: bool) -> Iterator[Result]:
    """Double until it is too much, then halve what is between; the wait for order by reckoning, with no clock."""
    memory: dict[int, float] = {}

    def attempt(legs: int, seconds: float) -> Trial:
        trial, memory[legs] = _attempt(legs, seconds)
        return trial

    best = attempt(20, 2.0) if quick else search(attempt, 200)
    yield Number("rtp_legs_per_core", best.streams if best.sustained else 0.0)
    yield Number("rtp_late_ms", 1000.0 * best.late)
    yield Number("rtp_cpu_percent", 100.0 * best.cpu_share)
    yield Number("rtp_leg_kb", memory.get(best.streams, 0.0))
    waits = _waits()
    yield Number("rtp_order_ms", 1000.0 * float(np.mean(waits)))
    yield Number("rtp_order_p99_ms", 1000.0 * float(np.quantile(waits, 0.99)))


def _attempt(legs: int, seconds: float) -> tuple[Trial, float]:
    """A daemon with so many legs, heard for `seconds` once all have begun; and what memory each took, kB."""
    with BenchDaemon("rtp://127.0.0.1:0", "--most-legs", str(legs)) as daemon:
        port = daemon.await_said(r"listening on rtp://\S+:(\d+)")
        before = daemon.memory_mb
        callers = [sys.executable, "-m", "stream.bench.callers", "127.0.0.1", port, str(legs)]
        with subprocess.Popen(callers) as process:
            try:
                early = hear_all(daemon, legs)
                cpu = daemon.cpu_seconds
                heard = daemon.hear(seconds)
                cpu = daemon.cpu_seconds - cpu
                memory = daemon.memory_mb - before
            finally:
                process.kill()
    missing = count_missing(early, heard, legs, seconds)
    return Trial(legs, missing, find_latest(heard), cpu / seconds, 0.0), 1024.0 * memory / legs


class _Clocked:
    """A Writer that notes when each packet is passed on. The first sample of a packet is its number."""

    def __init__(self) -> None:
        self.now = 0.0
        self.passed: dict[int, float] = {}

    def write(self, samples: Samples, *, when: float | None = None) -> None:
        """Note it."""
        self.passed[int(samples[0])] = self.now

    def skip(self, length: int, *, cause: LossCause, estimated: bool) -> None:
        """Nothing."""


def _waits() -> list[float]:
    """Seconds from each packet's arrival until it is passed on, on a network that loses some and delays others."""
    random, writer = np.random.default_rng(1), _Clocked()
    sent = np.arange(_PACKETS) * _SECONDS
    lost = random.random(_PACKETS) < 0.01
    arrivals = sent + np.where(random.random(_PACKETS) < 0.02, _LATE_SECONDS, 0.0)
    settings = InputSettings()
    leg: Leg | None = None
    for i in np.argsort(arrivals, kind="stable").tolist():
        if lost[i]:
            continue
        samples = np.full(_SIZE, i, np.int16)
        packet, writer.now = Packet(i & 0xFFFF, i * _SIZE, samples), float(arrivals[i])
        if leg is None:
            leg = Leg(writer, packet, rate=_RATE, wait=settings.leg_wait, pause=settings.leg_pause, now=writer.now)
        leg.tick(writer.now)
        leg.take(packet, writer.now)
    return [passed - float(arrivals[i]) for i, passed in writer.passed.items()]
