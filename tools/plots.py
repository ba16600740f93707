"""The performance page's picture: `python tools/plots.py BENCH.json`, what `genderstream bench --json` wrote."""

import json
import re
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

PICTURE = Path(__file__).parents[1] / "docs" / "performance.png"
PANELS = {
    r"cost_us_per_second_hop_(.+)": ("hop, seconds", "µs for a second of one stream", -1.0),
    r"cost_ms_(\d+)_windows": ("windows", "ms for all", 1.0),
    r"cost_us_hop_(\d+)_streams": ("streams in one process", "µs for a hop of each", 0.0),
    r"cost_us_(\d+)_channels": ("channels", "µs to split 0.1 s into rings", 1.0),
}
"""Pattern of the numbers' names: both axes, and the power of x that proportional cost would be."""


def main() -> None:
    """Draw docs/performance.png."""
    results = json.loads(Path(sys.argv[1]).read_text("utf-8"))["results"]
    figure, axes = plt.subplots(1, len(PANELS), figsize=(14, 3.4), layout="constrained")
    for panel, (pattern, (across, up, power)) in zip(axes, PANELS.items(), strict=True):
        found = {float(match[1]): value for name, value in results.items() if (match := re.fullmatch(pattern, name))}
        _draw(panel, dict(sorted(found.items())), power)
        panel.set(xlabel=across, ylabel=up)
    figure.savefig(PICTURE, dpi=110)
    print(PICTURE)


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
