"""The performance page's picture and table: `python tools/plots.py BENCH.json`, what `genderstream bench --json` wrote.

Draws docs/performance.png, and prints the table in Markdown.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

sys.path.insert(0, str(Path(__file__).parents[1]))

from stream.bench.result import Bar, bars, passes
from stream.bench.table import short

PICTURE = Path(__file__).parents[1] / "docs" / "performance.png"
PANELS = {
    r"cost_us_per_second_hop_(.+)": ("hop, seconds", "µs for a second of one stream", -1.0),
    r"cost_ms_(\d+)_windows": ("windows", "ms for all", 1.0),
    r"cost_us_hop_(\d+)_streams": ("streams in one process", "µs for a hop of each", 0.0),
    r"cost_us_(\d+)_channels": ("channels", "µs to split 0.1 s into rings", 1.0),
}
"""Pattern of the numbers' names: both axes, and the power of x that proportional cost would be."""


def main() -> None:
    """Draw, and print."""
    results = json.loads(Path(sys.argv[1]).read_text("utf-8"))["results"]
    figure, axes = plt.subplots(1, len(PANELS), figsize=(14, 3.4), layout="constrained")
    for panel, (pattern, (across, up, power)) in zip(axes, PANELS.items(), strict=True):
        found = {float(match[1]): value for name, value in results.items() if (match := re.fullmatch(pattern, name))}
        _draw(panel, dict(sorted(found.items())), power)
        panel.set(xlabel=across, ylabel=up)
    figure.savefig(PICTURE, dpi=110)
    print("\n".join(_table(results)))


def _table(results: dict[str, float]) -> Iterator[str]:
    yield "| measured | bar | stretch | here | |"
    yield "| --- | --- | --- | --- | --- |"
    for name, bar in bars().items():
        if name in results and bar.bar is not None:
            limits = " | ".join(_limit(limit, bar) for limit in (bar.bar, bar.stretch))
            reached = [passes(results[name], limit, least=bar.least) for limit in (bar.bar, bar.stretch)]
            verdict = "stretch" if reached[1] else "bar" if reached[0] else "**below**"
            yield f"| {bar.meaning} (`{name}`) | {limits} | {short(results[name])} {bar.unit} | {verdict} |"


def _limit(limit: float | None, bar: Bar) -> str:
    return "" if limit is None else f"{'≤' if bar.least else '≥'} {limit:g} {bar.unit}"


def _draw(panel: Axes, points: dict[float, float], power: float) -> None:
    xs = list(points)
    first = points[xs[0]]
    panel.loglog(xs, [first * (x / xs[0]) ** power for x in xs], color="0.75", linestyle="--")
    panel.loglog(xs, list(points.values()), color="#3b6ea5", marker="o")
    panel.set_xticks(xs, [f"{x:g}" for x in xs], minor=False)
    panel.minorticks_off()
    low, high = min(points.values()), max(points.values())
    panel.set_ylim(low / 2.0, high * 2.0)
    panel.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
