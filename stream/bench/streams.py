"""How many live streams one daemon sustains on one core: every window published, none late, nothing lost."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stream.bench.daemon import BenchDaemon, Heard
from stream.bench.result import Bar, Number, Result

RESULTS = {
    "streams_per_core": Bar("live streams at hop 0.5 s: all windows published, none late by a hop", "", 1000, 2000),
    "streams_late_ms": Bar("the latest window then", "ms", least=True),
    "streams_cpu_percent": Bar("share of the core then, the source's included", "%", least=True),
    "streams_source_percent": Bar("share of the core that the synthetic source takes of that", "%", least=True),
}

HOP = 0.5  # seconds
_STEP = 1.05  # the search ends when the next number is within 5 %


class Trial(NamedTuple):
    """What came of a daemon with a number of streams."""

    streams: int
    missing: int  # windows that never came, or came as skipped for overload; samples that were lost
    late: float  # seconds: the latest window
    cpu_share: float
    source_share: float

    @property
    def sustained(self) -> bool:
        """Every window came, and none later than by a hop."""
        return not self.missing and self.late <= HOP


def measure(*, quick: bool) -> Iterator[Result]:
    """Double until it is too much, then halve what is between."""
    best = _attempt(20, 2.0) if quick else search(_attempt, 500)
    yield Number("streams_per_core", best.streams if best.sustained else 0.0)
    yield Number("streams_late_ms", 1000.0 * best.late)
    yield Number("streams_cpu_percent", 100.0 * best.cpu_share)
    yield Number("streams_source_percent", 100.0 * best.source_share)


def search(attempt: Callable[[int, float], Trial], streams: int) -> Trial:
    """The most that are sustained, to within 5 %; `attempt` is given their number, and seconds."""
    best, most = Trial(0, 0, 0.0, 0.0, 0.0), 0
    while not most or most > best.streams * _STEP + 1:
        trial = attempt(streams, 10.0)
        if not trial.sustained:  # once more: something else may have come in between
            trial = attempt(streams, 10.0)
        if trial.sustained:
            best = trial
        else:
            most = streams
        streams = (best.streams + most) // 2 if most else 2 * streams
    return best


def _attempt(streams: int, seconds: float) -> Trial:
    """A daemon with so many streams, heard for `seconds` once all have begun."""
    with BenchDaemon(f"load://{streams}") as daemon:
        early = hear_all(daemon, streams)
        cpu = daemon.cpu_seconds
        heard = daemon.hear(seconds)
        cpu = daemon.cpu_seconds - cpu
        written = re.search(r"took ([\d.]+) s of processor time in ([\d.]+) s", daemon.stop())
    assert written
    source = float(written[1]) / float(written[2])
    return Trial(streams, count_missing(early, heard, streams, seconds), find_latest(heard), cpu / seconds, source)


def hear_all(daemon: BenchDaemon, streams: int) -> list[Heard]:
    """What comes until each stream has been heard once, or for half a minute."""
    heard: list[Heard] = []
    for _ in range(30):
        heard += daemon.hear(1.0)
        if len({each.stream for each in heard}) == streams:
            break
    return heard


def count_missing(early: list[Heard], heard: list[Heard], streams: int, seconds: float) -> int:
    """Windows that are not there: holes in the sequence numbers, ends that should have come, overload; lost samples."""
    numbers = defaultdict(list)
    for each in early + heard:
        numbers[each.stream].append(each.sequence)
    holes = sum(max(each) + 1 - len(each) for each in numbers.values())
    due = int(streams * (seconds / HOP - 1.0))  # one more or less at either end
    return holes + max(due - len(heard), 0) + sum(each.overload + each.lost for each in heard)


def find_latest(heard: list[Heard]) -> float:
    """Seconds by which the latest window came after its time, by each stream's own clock since it began."""
    began: dict[str, float] = {}
    for each in heard:
        began[each.stream] = min(began.get(each.stream, each.arrived - each.end), each.arrived - each.end)
    return max((each.received - each.end - began[each.stream] for each in heard), default=float("inf"))
