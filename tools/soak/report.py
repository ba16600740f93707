"""What the soak found: promises, each kept or broken, and the numbers behind them, as Markdown."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from tools.soak.subscriber import Point, Seen

_WARMING = 0.25  # share of the time in which memory may still grow: what is kept for replay fills up
_GROWTH = 0.05  # of memory, over the time: flat where it is no more than that
_LATENCY_FACTOR = 1.5  # of its median, from the first third to the last: others have their share of the machine
_QUICK_MS = 10.0  # what is less is no latency worth comparing
_FEWEST = 3  # points of which something can be said
_FEW_FILES = 2.0  # who comes and goes has one for a moment
_FULL = 0.95  # of the time: the worker had, or wanted, a processor all the while
_WAITED = 0.1  # … and this much of it others had it
_BEFORE = 3  # health messages up to a loss in which its reason is looked for: the ring holds 10 s

_ROWS = (
    ("memory, MiB", "memory", 1.0),
    ("threads", "threads", 1.0),
    ("open files", "files", 1.0),
    ("streams", "streams", 1.0),
    ("latency, median of p50, ms", "p50", 1.0),
    ("latency, median of p99, ms", "p99", 1.0),
    ("worker late by, ms", "late", 1.0),
    ("worker had a processor, %", "spent.ran", 100.0),
    ("worker waited for one, %", "spent.waited", 100.0),
    ("machine busy, %", "spent.busy", 100.0),
    ("stolen by its host, %", "spent.stolen", 100.0),
)


@dataclass
class Part:
    """One part of a soak. `live`: at real speed, with latency, and nothing may be skipped."""

    title: str
    seconds: float  # that it should take
    live: bool
    seen: Seen
    took: float = 0.0
    status: int | None = None  # the daemon's; None while it runs, or where it had to be killed
    interrupted: bool = False

    def promises(self) -> dict[str, bool]:
        """Each in words, and whether it was kept."""
        seen, total = self.seen, self.seen.total()
        promises = {
            f"{seen.messages} messages ({seen.windows} windows) came, none was missing": not seen.holes
            and bool(seen.windows),
            "each window lies a hop after the one before, or after what was lost": not seen.strays,
            f"samples added up in each of {seen.healths} health messages": not seen.unbalanced and bool(seen.healths),
            f"{_lost(total)} lost of {total.captured / 3600.0:.1f} h of audio": not total.lost.total(),
            "it went on saying something": not seen.silent,
        }
        if self.live:
            promises[f"{total.skipped} windows skipped for want of time"] = not total.skipped
        if self.status is not None:
            promises[f"it ended with status {self.status}, and had decided all of {seen.ended} streams"] = (
                not self.status and not seen.left and not seen.going
            )
        return promises | self._flatness()

    def _settled(self) -> list[Point]:
        """Those after the beginning."""
        return [point for point in self.seen.points if point.when >= _WARMING * min(self.seconds, self.took)]

    def _flatness(self) -> dict[str, bool]:
        points = self._settled()
        if len(points) < _FEWEST:
            return {"enough health messages to tell what is flat": False}
        memory, threads, p50, files = (_thirds(points, name) for name in ("memory", "threads", "p50", "spare_files"))
        promises = {
            "memory is flat": memory[1] - memory[0] <= _GROWTH * memory[0],
            "threads are flat": threads[0] == threads[1],
            "open files are flat": abs(files[1] - files[0]) <= _FEW_FILES,
        }
        if self.live:
            promises["latency is flat"] = p50[1] <= max(_LATENCY_FACTOR * p50[0], _QUICK_MS)
        return promises

    def text(self) -> str:
        """The report on this part."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        total = self.seen.total()
        cut = ", interrupted" if self.interrupted else "" if self.status is not None else ", not over"
        yield from (f"### {self.title}", "")
        yield f"{self.took / 3600.0:.2f} h{cut}; {total.captured / 3600.0:.1f} h of audio."
        yield ""
        for each, kept in self.promises().items():
            yield f"- {'kept' if kept else '**BROKEN**'}: {each}"
        for each in self._reasons():
            yield f"- {each}"
        points = self._settled()
        if points:
            yield from ("", "| after the first quarter | least | median | most | slope an hour |")
            yield "| --- | ---: | ---: | ---: | ---: |"
            for name, field, scale in _ROWS:
                values = scale * _values(points, field)
                yield (
                    f"| {name} | {values.min():.1f} | {np.median(values):.1f} | {values.max():.1f} "
                    f"| {_slope(points, values):+.1f} |"
                )
        yield ""

    def _reasons(self) -> Iterator[str]:
        """Whether a loss, or what was skipped, is the machine's fault, as far as that can be told."""
        points = self.seen.points
        bad = [
            i for i in range(1, len(points))
            if (points[i].lost, points[i].skipped) != (points[i - 1].lost, points[i - 1].skipped)
        ]  # fmt: skip
        if not bad:
            return
        near = [points[j].spent for j in sorted({j for i in bad for j in range(max(i - _BEFORE + 1, 0), i + 1)})]
        ran, waited, stolen = (float(np.mean([getattr(each, name) for each in near])) for name in near[0]._fields if
                               name != "busy")  # fmt: skip
        why = "the daemon had time to spare: **a fault**"
        if waited >= _WAITED or stolen >= _WAITED:
            why = "others had it: **starved**"
        elif ran + waited >= _FULL:
            why = "it needs more than there is of one core: **overloaded**"
        yield (
            f"in {len(bad)} of {len(points)} health messages audio was lost or skipped; around them the worker had a "
            f"processor for {ran:.0%} of the time and waited for one for {waited:.0%}, {stolen:.0%} were stolen: {why}"
        )


def _lost(total: Seen) -> str:
    causes = ", ".join(f"{cause} {seconds:.1f} s" for cause, seconds in total.lost.items() if seconds)
    share = total.lost.total() / total.captured if total.captured else 0.0
    return f"{total.lost.total():.1f} s ({causes}; {share:.2%})" if causes else "0 s"


def _values(points: list[Point], field: str) -> np.ndarray:
    return np.array([attrgetter(field)(point) for point in points], np.float64)


def _thirds(points: list[Point], field: str) -> tuple[float, float]:
    """Medians of the first third and of the last."""
    values = _values(points, field)
    third = len(values) // 3
    return float(np.median(values[:third])), float(np.median(values[-third:]))


def _slope(points: list[Point], values: np.ndarray) -> float:
    """Of the line through all, an hour."""
    if len(points) < _FEWEST:
        return 0.0
    return float(np.polyfit(_values(points, "when"), values, 1)[0]) * 3600.0
