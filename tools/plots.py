"""The performance page's picture and numbers: `python tools/plots.py BENCH.json`, from `genderstream bench --json`.

Draws docs/performance.png, and writes the run and its stages into docs/performance.md, each between two marks.
"""

import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, StrMethodFormatter

sys.path.insert(0, str(Path(__file__).parents[1]))

from stream.bench.result import Bar, bars, passes
from stream.bench.table import short

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PICTURE = PAGE.with_suffix(".png")
BEGIN, END = "<!-- {}: tools/plots.py writes from here -->\n", "<!-- to here -->\n"
TOLD = """
{cores} cores of an {processor} (LLVM: {compiled_for}); load average {load_average} before the run and
{load_average_after} after it; Python {python}, NumPy {numpy}, Numba {numba}, LiteRT {ai-edge-litert}. A hop of speech
took {hop_cost_us} µs, of silence {hop_silent_us}; log-mel of a window {logmel_window_us}, of a hop {logmel_hop_us}; the
usual way {usual_litert_us} with LiteRT and {usual_keras_us} with Keras, of which a twentieth is {twentieth}, while our
model and detector alone take {given} of a hop. The echo that is taken off took {latency_echo_p99_ms} ms, and
{latency_rare_echo_p99_ms} as seldom as one stream's windows come. Of the streams' core {streams_cpu_percent} % was
used, {streams_source_percent} of that by the synthetic source.
"""
PANELS = {
    r"cost_us_per_second_hop_(.+)": ("hop, seconds", "µs for a second of one stream", -1.0),
    r"cost_ms_(\d+)_windows": ("windows", "ms for all", 1.0),
    r"cost_us_hop_(\d+)_streams": ("streams in one process", "µs for a hop of each", 0.0),
    r"cost_us_(\d+)_channels": ("channels", "µs to split 0.1 s into rings", 1.0),
}
"""Pattern of the numbers' names: both axes, and the power of x that proportional cost would be."""


def main() -> None:
    """Draw, and write."""
    run = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    draw(run["results"], PICTURE)
    PAGE.write_text(write_run(PAGE.read_text("utf-8"), run["machine"], run["results"]), "utf-8")


def draw(results: Mapping[str, float], picture: Path) -> None:
    """A panel for each kind of cost."""
    figure, axes = plt.subplots(1, len(PANELS), figsize=(14, 3.4), layout="constrained")
    for panel, (pattern, (across, up, power)) in zip(axes, PANELS.items(), strict=True):
        found = {float(match[1]): value for name, value in results.items() if (match := re.fullmatch(pattern, name))}
        _draw(panel, dict(sorted(found.items())), power)
        panel.set(xlabel=across, ylabel=up)
    figure.savefig(picture, dpi=110)


def write_run(page: str, machine: Mapping[str, object], results: Mapping[str, float]) -> str:
    """`page` with the numbers of this run."""
    page = _replace(page, "run", [*_table(results), "", *_machine(machine, results)])
    return _replace(page, "stages", _stages(results))


def _replace(page: str, name: str, lines: Iterable[str]) -> str:
    """`page` with `lines` between the marks that are called `name`."""
    begin = BEGIN.format(name)
    before, _, rest = page.partition(begin)
    after = rest.partition(END)[2]
    return before + begin + "".join(f"{line}\n" for line in lines) + END + after


def _machine(machine: Mapping[str, object], results: Mapping[str, float]) -> list[str]:
    """Where that was, and what the ratios are made of."""
    told: dict[str, object] = {name: short(value) for name, value in results.items()} | dict(machine)
    told["given"] = short(results["stage_us_model"] + results["stage_us_vad"])
    told["twentieth"] = short(results["usual_keras_us"] / 20)
    return textwrap.wrap(TOLD.strip().format_map(told), 120)


def _stages(results: Mapping[str, float]) -> Iterator[str]:
    """What each stage of a hop takes, the longest first."""
    found = {name: value for name, value in results.items() if name.startswith("stage_us_")}
    known, total = bars(), sum(found.values())
    yield "| stage | µs | |"
    yield "| --- | --- | --- |"
    for name, value in sorted(found.items(), key=lambda each: -each[1]):
        yield f"| {known[name].meaning} | {short(value)} | {value / total:.0%} |"


def _table(results: Mapping[str, float]) -> Iterator[str]:
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
    panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    panel.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
