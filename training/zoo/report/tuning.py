"""Pictures of the tuning study: every optimiser with every loss."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import msgspec
from matplotlib.lines import Line2D

from training.report.style import CORPUS_COLOURS, Axes, panels, save
from training.zoo.report.words import plain

_COLOURS = (*CORPUS_COLOURS, "#333333", "#b3106e")  # of losses
_MARKS = "os^Dv<>P*X"  # of optimisers
_GUESS = 50.0  # %
_COLUMNS = 4


class Trial(msgspec.Struct, frozen=True):
    """One optimiser with one loss."""

    optimizer: str
    loss: str
    metric_values: dict[str, float]  # what else was watched
    accuracy: float  # on validation, as all here, with the weights that were kept
    final_loss: float  # of its own kind: losses cannot be compared with one another
    seconds: float


def draw_tuning(results: Path | Sequence[Trial], folder: Path) -> list[tuple[str, str, str]]:
    """Draw the trials, given or in a JSON file, into `folder`: name, title and caption of each picture."""
    trials = msgspec.json.decode(results.read_bytes(), type=list[Trial]) if isinstance(results, Path) else results
    if not trials:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    pictures = (("tuning", "Accuracy against loss", _scatter),
                ("tuning-bars", "Accuracy by loss and optimiser", _bars),
                ("tuning-metrics", "The best of each loss by other metrics", _metrics))  # fmt: skip
    drawn = [(name, title, draw(trials, folder / f"{name}.png")) for name, title, draw in pictures]
    return [each for each in drawn if each[2]]


def _scatter(trials: Sequence[Trial], path: Path) -> str:
    losses, optimizers = _losses(trials), _optimizers(trials)
    figure, grid = panels(1, width=8.6, height=5.4)
    axes = grid[0][0]
    for each in trials:
        look = {"color": _colour(losses, each), "marker": _mark(optimizers, each)}
        axes.plot(each.final_loss, 100 * each.accuracy, markersize=8, alpha=0.8, markeredgecolor="white", **look)
    axes.set(xlabel="loss, each of its own kind", ylabel="right, %")
    colours = [Line2D([], [], color=_COLOURS[n % len(_COLOURS)], marker="o", linestyle="") for n in range(len(losses))]
    marks = [Line2D([], [], color="#777777", marker=_MARKS[n % len(_MARKS)], linestyle="")
             for n in range(len(optimizers))]  # fmt: skip
    figure.legend(colours, map(plain, losses), loc="outside lower left", title="loss", alignment="left", ncols=3)
    figure.legend(marks, optimizers, loc="outside right upper", title="optimiser", alignment="left")
    save(figure, path)
    best = max(trials, key=lambda each: each.accuracy)
    return (f"{len(trials)} trainings: colour is the loss, shape the optimiser. Best: {best.optimizer} with "
            f"{plain(best.loss)}, {100 * best.accuracy:.1f} % in {best.seconds:.0f} s. Losses are of different kinds: "
            "left and right compare within a colour only; up and down compares all.")  # fmt: skip


def _bars(trials: Sequence[Trial], path: Path) -> str:
    losses, optimizers = _losses(trials), _optimizers(trials)
    figure, grid = _grid(len(losses), len(optimizers))
    least = 100 * min(each.accuracy for each in trials)
    for axes, loss in zip(grid.flat, losses, strict=False):
        of = {each.optimizer: 100 * each.accuracy for each in trials if each.loss == loss}
        _rows(axes, optimizers, of, start=_GUESS, title=loss, best=max(of, key=of.__getitem__))
        axes.set(xlim=(min(_GUESS, least) - 2, 108))
        axes.axvline(_GUESS, color="#333333", linewidth=1)
    save(figure, path)
    means = {name: _mean([each.accuracy for each in trials if each.optimizer == name]) for name in optimizers}
    best = max(means, key=means.__getitem__)
    return (f"Right, %, for each loss and optimiser; bars grow from guessing. Best mean over the losses: {best}, "
            f"{100 * means[best]:.1f} %.")  # fmt: skip


def _metrics(trials: Sequence[Trial], path: Path) -> str:
    names = list(dict.fromkeys(name for each in trials for name in each.metric_values))
    if not names:
        return ""
    best = {each.loss: each for each in sorted(trials, key=lambda each: each.accuracy)}  # the last one stays
    losses = _losses(trials)
    figure, grid = _grid(len(names), len(losses))
    for axes, name in zip(grid.flat, names, strict=False):
        known = {loss: best[loss].metric_values[name] for loss in losses if name in best[loss].metric_values}
        _rows(axes, losses, known, start=0.0, title=name, places=3)
        axes.margins(x=0.25)
    save(figure, path)
    return "Of each loss the optimiser that was right most often, by every metric that was watched."


def _rows(axes: Axes, names: Sequence[str], values: dict[str, float], *, start: float, title: str,
          places: int = 1, best: str = "") -> None:  # fmt: skip
    """A horizontal bar for each name, its value beside it; of metrics none is best: of some, less is better."""
    for place, name in enumerate(names):
        if name in values:
            colour, weight = ("#00485e", "bold") if name == best else ("#6ea8c4", "normal")
            axes.barh(place, values[name] - start, 0.7, left=start, color=colour)
            axes.annotate(f"{values[name]:.{places}f}", (max(values[name], start), place), (3, 0), va="center",
                          textcoords="offset points", fontsize=8, fontweight=weight)  # fmt: skip
    axes.set_yticks(range(len(names)), map(plain, names), fontsize=9)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_title(fill(plain(title), 20), fontsize=10)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.locator_params(axis="x", nbins=4)


def _grid(panels_: int, rows: int) -> tuple:
    """A figure of so many panels, each with so many rows."""
    columns = min(panels_, _COLUMNS)
    figure, grid = panels(columns, -(-panels_ // columns), width=8.6 / columns, height=0.24 * rows + 0.9, sharey=True)
    for axes in list(grid.flat)[panels_:]:
        axes.axis("off")
    return figure, grid


def _losses(trials: Sequence[Trial]) -> list[str]:
    return list(dict.fromkeys(each.loss for each in trials))


def _optimizers(trials: Sequence[Trial]) -> list[str]:
    return list(dict.fromkeys(each.optimizer for each in trials))


def _colour(losses: list[str], each: Trial) -> str:
    return _COLOURS[losses.index(each.loss) % len(_COLOURS)]


def _mark(optimizers: list[str], each: Trial) -> str:
    return _MARKS[optimizers.index(each.optimizer) % len(_MARKS)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
