"""The report on calls: a Markdown table against what must hold, and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from training.calls.figures import Quantile, Turns, Verdicts
from training.figures import Share
from training.report.style import CORPUS_COLOURS, LINES, name_of, panels, save

if TYPE_CHECKING:
    from training.calls.measure import Report

Found = Share | Quantile | int | None


class Bar(NamedTuple):
    """A row of the table."""

    what: str
    found: Found
    bar: float
    stretch: float
    unit: str  # %: a share; s: seconds; points: a share's error; empty: a number
    counted: str  # of what


def write_page(report: Report, folder: Path) -> str:
    """Write README.md and the pictures to `folder`; returns the table."""
    table = "\n".join(("| what | found (95 % by speaker) | of | bar | stretch | |", "| --- |" + " --- |" * 5,
                       *map(_row, _bars(report))))  # fmt: skip
    _draw_waiting(report, folder / "waiting.png")
    _draw_edges(report, folder / "edges.png")
    (folder / "README.md").write_text(
        f"# Calls: decisions over time of `{report.model}`\n\n{_said(report)}\n\n{table}\n\n"
        f"## By corpus\n\n{_corpora(report)}\n\n{_meeting(report.meeting)}"
        "![Seconds of speech until the first verdict](waiting.png)\n\n"
        "![Error of the turns' edges](edges.png)\n",
        "utf-8",
    )
    return table


def _said(report: Report) -> str:
    parameters = "those of its spec" if report.estimated else "provisional, estimated by nobody"
    return (
        f"Made by `python -m training calls --split {report.split}`; model file {report.digest[:12]}; parameters: "
        f"{parameters}. Legs are simulated: recorded utterances and pauses, hold music before half of them, line "
        "noise, G.711, up to 3 % of the packets lost. Wrong verdicts are counted among the legs that have one, "
        "unknown ones among all. Seconds of speech are those that are truly voiced before a verdict is said; legs "
        "without one count as endless in the median. Children should be left unknown, all of them. Where nothing is "
        "wrong among n speakers, up to 3 / n may be."
    )


def _bars(report: Report) -> list[Bar]:
    bars = []
    for setting, limits in zip(report.settings, (((2, 1), (10, 5), (8, 4)), ((5, 3), (3, 1), (3, 2))), strict=True):
        of, at = setting.verdicts["all"], f"{100 * setting.verdict_error:.0f} %"
        wrong, unknown, seconds = limits
        legs = f"{of.legs} legs, {of.speakers} speakers"
        bars += [
            Bar(f"{at}: wrong verdicts, first", of.first_wrong, *wrong, "%", legs),
            Bar(f"{at}: wrong verdicts, final", of.final_wrong, *wrong, "%", legs),
            Bar(f"{at}: legs left unknown", of.unknown, *unknown, "%", legs),
            Bar(f"{at}: seconds of speech to the verdict, median", of.seconds, *seconds, "s", legs),
        ]
        bars += [
            Bar(f"{at}: {kind} alone: verdicts", count, 0, 0, "", f"{report.voiceless_legs} legs")
            for kind, count in setting.voiceless.items()
        ]
    turns, legs = report.alternating, f"{report.alternating.legs} legs"
    return [
        *bars,
        Bar("alternating: voiced time with the opposite label", turns.opposite, 8, 4, "%", legs),
        Bar("alternating: voiced time unknown", turns.unknown, 12, 6, "%", legs),
        Bar("turn edges, median", turns.edge_median, 0.5, 0.25, "s", legs),
        Bar("turn edges, 90th percentile", turns.edge_p90, 1.0, 0.5, "s", legs),
        Bar("speaking-time share over 5 minutes, mean error", report.shares.error, 3, 1, "points",
            f"{report.shares.legs} legs"),
    ]  # fmt: skip


def _row(bar: Bar) -> str:
    factor = 100 if bar.unit in ("%", "points") else 1
    value = bar.found if isinstance(bar.found, int) else None if bar.found is None else bar.found.value
    held = "?" if value is None else "stretch" if factor * value <= bar.stretch else (
        "holds" if factor * value <= bar.bar else "**missed**"
    )  # fmt: skip
    unit = f" {bar.unit}" if bar.unit else ""
    said = _number(bar.found, factor)
    return f"| {bar.what} | {said}{unit} | {bar.counted} | {bar.bar:g}{unit} | {bar.stretch:g}{unit} | {held} |"


def _number(found: Found, factor: int) -> str:
    """With its interval; that of nothing by the rule of three (Hanley and Lippman-Hand 1983): up to 3 / n."""
    if found is None or isinstance(found, int):
        return str(found)
    high = min(3.0 / found.speakers, 1.0) if isinstance(found, Share) and not found.value else found.high
    numbers = (found.value, found.low, high)
    said = ["∞" if each is None else f"{factor * each:.2f}" for each in numbers]
    return f"{said[0]} ({said[1]} to {said[2]})"


def _corpora(report: Report) -> str:
    head = "| setting | corpus | legs | first wrong, % | final wrong, % | unknown, % | median, s | why unknown |"
    rows = [head, "| --- |" + " --- |" * 7]
    for setting in report.settings:
        for corpus, of in setting.verdicts.items():
            numbers = (_number(each, 100) for each in (of.first_wrong, of.final_wrong, of.unknown))
            why = ", ".join(f"{reason} {count}" for reason, count in of.reasons.items())
            rows.append(
                f"| {100 * setting.verdict_error:.0f} % | {name_of(corpus)} | {of.legs} | {' | '.join(numbers)} "
                f"| {_number(of.seconds, 1)} | {why} |"
            )
    return "\n".join(rows)


def _meeting(found: Turns | None) -> str:
    if found is None:
        return ""
    return (
        f"## A real case\n\n{found.legs} half-minutes of AMI meetings (one distant channel for several people): "
        f"{_number(found.opposite, 100)} % of the voiced time has the opposite label, {_number(found.unknown, 100)} % "
        f"none; turn edges {_number(found.edge_median, 1)} s in the median.\n\n"
    )


def _draw_waiting(report: Report, path: Path) -> None:
    """The share of legs that have a verdict by the seconds of speech."""
    figure, axes = panels(len(report.settings), width=4.6)
    for each, setting in zip(axes[0], report.settings, strict=True):
        for number, (corpus, of) in enumerate(setting.verdicts.items()):
            _step(each, of, name_of(corpus), number)
        each.set(title=f"setting {100 * setting.verdict_error:.0f} %", xlabel="seconds of speech", ylim=(0, 102))
    axes[0, 0].set_ylabel("legs with a verdict, %")
    axes[0, -1].legend(loc="lower right")
    save(figure, path)


def _step(axes, of: Verdicts, name: str, number: int) -> None:
    reached = 100 * np.arange(1, len(of.waited) + 1) / max(of.legs, 1)
    style = {"color": CORPUS_COLOURS[number % 6], "linestyle": LINES[number % 6]}
    axes.step([0.0, *of.waited], [0.0, *reached], where="post", label=name, **style)


def _draw_edges(report: Report, path: Path) -> None:
    """The distribution of the errors of turn edges; what is missed never arrives."""
    figure, axes = panels(1, width=4.6)
    for number, (name, of) in enumerate((("simulated", report.alternating), ("AMI", report.meeting))):
        if of is not None and of.edges:
            near = [edge for edge in of.edges if edge is not None]
            reached = 100 * np.arange(1, len(near) + 1) / len(of.edges)
            axes[0, 0].step(near, reached, where="post", label=name, color=CORPUS_COLOURS[number])
    axes[0, 0].set(xlabel="error of a turn's start, s", ylabel="changes of speaker, %", xlim=(0, 3), ylim=(0, 102))
    axes[0, 0].legend(loc="lower right")
    save(figure, path)
