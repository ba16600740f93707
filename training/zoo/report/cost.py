"""The picture of accuracy against cost."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter

from training.report.style import CORPUS_COLOURS, Axes, Figure, panels, save
from training.zoo.outcome import Outcome
from training.zoo.report.outcomes import CORPUS, Task, right
from training.zoo.report.words import size

_OURS = ("#b3106e", "*")
_MARKS = "os^Dv<"
_EDGE = 6  # pixels that names keep from it
_LEAST = 1e-3  # ms: a logarithmic axis has no zero
_AREA = 7.0  # square points of 1 kB; it grows with the square root
_OFFSETS = ((8, 0, "left"), (-8, 0, "right"), (6, 8, "left"), (6, -8, "left"), (-6, 8, "right"), (-6, -8, "right"),
            (0, 13, "center"), (0, -13, "center"), (10, 17, "left"), (10, -17, "left"), (-10, 17, "right"),
            (-10, -17, "right"))  # fmt: skip  # points, where a name is tried

Box = Sequence[float]  # left, bottom, right, top, pixels


def cost(task: Task, path: Path) -> str:
    """Right on the unheard corpus over milliseconds for a window; the area is the file's size."""
    shown = [each for each in task.all if not each.float32.reason and CORPUS in each.scores]
    if not shown:
        return ""
    figure, grid = panels(1, width=8.6, height=5.0)
    axes = grid[0][0]
    looks = _looks(shown)
    for each in shown:
        colour, mark = looks[each.seed]
        axes.scatter(*_place(each), _area(each), color=colour, marker=mark, alpha=0.8, edgecolor="white",
                     linewidth=0.8, label=each.seed or "shipped")  # fmt: skip
    axes.set(xscale="log", xlabel="a window, ms: features and network, float32, one thread",
             ylabel=f"right on the {CORPUS}, %")  # fmt: skip
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.margins(0.14, 0.1)
    best = zip(*_frontier(shown), strict=True)
    axes.step(*best, where="post", color="#777777", linestyle="--", linewidth=1, zorder=0)
    _seeds(figure, axes)
    _names(figure, axes, shown)
    save(figure, path)
    small, large = (of(shown, key=lambda each: each.float32.bytes) for of in (min, max))
    left = [each.recipe for each in task.all if each.float32.reason]
    return ("Up and left is better; on the dashed line stand those than which nothing is both quicker and more often "
            f"right. The area grows with the square root of the file's size, from {size(small.float32.bytes)} "
            f"({small.recipe}) to {size(large.float32.bytes)} ({large.recipe})."
            + (f" Without a TFLite file, so not here: {', '.join(left)}." if left else ""))  # fmt: skip


def milliseconds(outcome: Outcome) -> float:
    """What one window costs, with its features."""
    return outcome.feature_milliseconds + outcome.float32.milliseconds


def _place(outcome: Outcome) -> tuple[float, float]:
    return max(milliseconds(outcome), _LEAST), 100 * right(outcome, CORPUS)


def _area(outcome: Outcome) -> float:
    """Square points; a star fills less of its square."""
    return _AREA * max(outcome.float32.bytes / 1000, 1) ** 0.5 * (1 if outcome.seed else 2.5)


def _looks(shown: Sequence[Outcome]) -> dict[str, tuple[str, str]]:
    """Colour and mark of each seed."""
    seeds = dict.fromkeys(each.seed for each in shown if each.seed)
    return {"": _OURS} | dict(zip(seeds, cycle(zip(CORPUS_COLOURS, _MARKS, strict=True)), strict=False))


def _frontier(shown: Sequence[Outcome]) -> list[tuple[float, float]]:
    """From the quickest on, each that is right more often than all quicker ones."""
    best: list[tuple[float, float]] = []
    for place in sorted(map(_place, shown), key=lambda place: (place[0], -place[1])):
        if not best or place[1] > best[-1][1]:
            best.append(place)
    return best


def _seeds(figure: Figure, axes: Axes) -> None:
    """A legend of the seeds, each once, all of one size."""
    known = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    drawn = figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=3, fontsize=9)
    for handle in drawn.legend_handles:
        handle.set_sizes([60])


def _names(figure: Figure, axes: Axes, shown: Sequence[Outcome]) -> None:
    """Each mark's name at the first place beside it where it hides nothing."""
    figure.canvas.draw()  # places are known from here on
    taken = [_square(axes, each, figure.dpi / 72) for each in shown]
    inside = axes.get_window_extent().padded(-_EDGE).extents
    for each in shown:
        for x, y, side in _OFFSETS:
            push = 1 + 0.45 * _area(each) ** 0.5 / max(abs(x), abs(y))
            text = axes.annotate(each.recipe, _place(each), (x * push, y * push), textcoords="offset points", ha=side,
                                 va="center", fontsize=9, fontweight="normal" if each.seed else "bold",
                                 path_effects=[withStroke(linewidth=3, foreground="white")])  # fmt: skip
            text.set_in_layout(False)
            box = text.get_window_extent().extents
            fits = inside[0] < box[0] and box[2] < inside[2] and not any(_overlap(box, other) for other in taken)
            if fits or (x, y, side) == _OFFSETS[-1]:
                taken.append(box)
                break
            text.remove()


def _square(axes: Axes, outcome: Outcome, pixels: float) -> Box:
    """What a mark covers; `pixels` of a point."""
    x, y = axes.transData.transform(_place(outcome))
    half = 0.45 * pixels * _area(outcome) ** 0.5
    return x - half, y - half, x + half, y + half


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
