"""The picture of what each recipe gets right on each set."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.report.style import Axes, legend, panels, save
from training.zoo.outcome import Outcome
from training.zoo.report.measures import wilson
from training.zoo.report.outcomes import CORPUS, RANDOM, SETS, SPEAKERS, Task, right
from training.zoo.report.words import is_loud

SET_COLOURS = {RANDOM: "#c3ccd6", SPEAKERS: "#6ea8c4", CORPUS: "#00485e"}  # what is promised pales
_GUESS = 50.0  # %
_BAR = 0.26  # of a row
_BAND = "#f3eee4"  # behind the shipped model


def accuracies(found: Sequence[Task], path: Path) -> str:
    """Three bars for each recipe, growing from guessing, so that those which do not hold stick out."""
    rows = [len(task.all) for task in found]
    scores = [score for task in found for each in task.all for score in each.scores.values()]
    least = min([_GUESS, *(100 * wilson(score)[0] for score in scores)])  # where the leftmost whisker begins
    figure, grid = panels(1, len(found), width=6.6, height=(0.5 * sum(rows) + 1.6) / len(found), sharex=True,
                          gridspec_kw={"height_ratios": rows})  # fmt: skip
    for axes, task in zip(grid[:, 0], found, strict=True):
        _bars(axes, task)
        axes.set_xlim(least - 1, 106)
        axes.set_title(task.name, loc="left")
    grid[-1][0].set_xlabel("right of windows, %; bars grow from guessing")
    legend(figure, grid[0][0])
    save(figure, path)
    return (f"Right of 2 s windows, the same network three times: on a {RANDOM} as the seeds measured, on {SPEAKERS} "
            f"of the same corpus, and on an {CORPUS}. Where pale bars stick out, the number did not survive people "
            "and rooms it had not heard. On the tinted band: the shipped model. ⚠: the table says what has to be "
            "known first. Whiskers: 95 % (Wilson), by window; windows of one speaker hang together, so the true ones "
            "are wider.")  # fmt: skip


def _bars(axes: Axes, task: Task) -> None:
    for row, name in enumerate(SETS):
        known = [(place, each.scores[name]) for place, each in enumerate(task.all) if name in each.scores]
        places = np.array([place for place, _ in known]) + _BAR * (row - 1)
        shares = np.array([100 * right(task.all[place], name) for place, _ in known])
        ends = 100 * np.array([wilson(score) for _, score in known]).reshape(-1, 2).T
        axes.barh(places, shares - _GUESS, _BAR * 0.92, left=_GUESS, color=SET_COLOURS[name], label=name,
                  xerr=np.abs(ends - shares), error_kw={"elinewidth": 0.8, "ecolor": "#8a8a8a"})  # fmt: skip
        for place, share, high in zip(places, shares, ends[1], strict=True):
            axes.text(max(high, _GUESS) + 0.5, place, f"{share:.1f}", va="center", fontsize=7.5,
                      fontweight="bold" if name == CORPUS else "normal", color="#222222")  # fmt: skip
    if task.shipped:
        axes.axhspan(-0.5, len(task.shipped) - 0.5, color=_BAND, zorder=0)
    axes.axvline(_GUESS, color="#333333", linewidth=1)
    axes.set_yticks(range(len(task.all)), [_marked(each) for each in task.all])
    for label in axes.get_yticklabels()[: len(task.shipped)]:
        label.set_fontweight("bold")
    axes.set(ylim=(len(task.all) - 0.5, -0.5))
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)


def _marked(outcome: Outcome) -> str:
    return f"{outcome.recipe} ⚠" if any(map(is_loud, outcome.notes)) else outcome.recipe
