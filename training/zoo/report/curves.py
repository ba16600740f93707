"""Small multiples: how each recipe learnt, and what it answers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.report.style import SAID, Axes, legend, matrix, panels, save
from training.zoo.outcome import Outcome
from training.zoo.report.accuracy import SET_COLOURS
from training.zoo.report.outcomes import CORPUS, Task
from training.zoo.report.words import plain

_COLUMNS = 4


def curves(found: Sequence[Task], path: Path) -> str:
    """Loss above accuracy for each recipe, epoch by epoch."""
    shown = [each for task in found for each in task.all if each.epochs]
    if not shown:
        return ""
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure, grid = panels(columns, 2 * rows, width=2.3, height=1.15)
    least = min(min(epoch.accuracy, epoch.validation_accuracy) for each in shown for epoch in each.epochs)
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        loss, share = grid[2 * row][column], grid[2 * row + 1][column]
        if place >= len(shown):
            loss.axis("off")
            share.axis("off")
            continue
        _curve(loss, share, shown[place])
        share.set_ylim(100 * least - 3, 103)
        if column == 0:
            loss.set_ylabel("loss")
            share.set_ylabel("right, %")
    legend(figure, grid[0][0])
    save(figure, path)
    return ("Loss above, accuracy below, over epochs. Pale: the windows learnt from; dark: validation. The dot is the "
            "highest validation accuracy. Where the two part, a network learns its windows by heart.")  # fmt: skip


def _curve(loss: Axes, share: Axes, outcome: Outcome) -> None:
    numbers = range(1, len(outcome.epochs) + 1)
    mark = "o" if len(numbers) <= 3 else ""
    learnt = {"color": "#9aa7b4", "marker": mark, "markersize": 3, "label": "training"}
    held = {"color": SET_COLOURS[CORPUS], "marker": mark, "markersize": 3, "label": "validation"}
    loss.plot(numbers, [epoch.loss for epoch in outcome.epochs], **learnt)
    loss.plot(numbers, [epoch.validation_loss for epoch in outcome.epochs], **held)
    share.plot(numbers, [100 * epoch.accuracy for epoch in outcome.epochs], **learnt)
    share.plot(numbers, [100 * epoch.validation_accuracy for epoch in outcome.epochs], **held)
    best = max(numbers, key=lambda number: outcome.epochs[number - 1].validation_accuracy)
    share.plot(best, 100 * outcome.epochs[best - 1].validation_accuracy, "o", color="#b3106e", markersize=5)
    loss.set_title(outcome.recipe, fontsize=10, fontweight="normal" if outcome.seed else "bold")
    for axes in (loss, share):
        axes.tick_params(labelsize=8)
        axes.locator_params(axis="x", integer=True, nbins=4)
        axes.locator_params(axis="y", nbins=3)
    loss.set_xticklabels([])


def confusions(found: Sequence[Task], path: Path) -> str:
    """A small matrix for each recipe, on the unheard corpus."""
    shown = [(task, each) for task in found for each in task.all if CORPUS in each.scores]
    if not shown:
        return ""
    columns = min(_COLUMNS, len(shown))
    figure, grid = panels(columns, -(-len(shown) // columns), width=2.25, height=1.75)
    for axes, (task, each) in zip(grid.flat, shown, strict=False):
        said = [SAID.get(label, plain(label)) for label in task.labels]
        matrix(axes, np.array(each.scores[CORPUS].confusion), [f"“{plain(label)}”" for label in task.labels], said)
        axes.set_title(each.recipe, fontsize=10, fontweight="normal" if each.seed else "bold")
    for axes in list(grid.flat)[len(shown) :]:
        axes.axis("off")
    save(figure, path)
    return (
        f"On the {CORPUS}: what is true (rows) and what is answered (columns), percent of each row, windows "
        "below. A dark diagonal is right; a dark column is a network that says the same whatever it hears."
    )
