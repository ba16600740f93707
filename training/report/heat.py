"""The picture and the table of accuracy by band and codec."""

from pathlib import Path

import numpy as np
from matplotlib.colors import Colormap, LinearSegmentedColormap

from training.figures import ByGender
from training.protocol import BANDS
from training.report.bars import percent
from training.report.evaluation import Evaluation
from training.report.style import COLOURS, Axes, name_of, panels, save

Column = tuple[str, str]  # corpus, band
_TEAL_TO_MAGENTA = LinearSegmentedColormap.from_list("gap", [COLOURS["male"], "#ffffff", COLOURS["female"]])


def codecs(found: Evaluation, path: Path) -> str:
    """Two heat maps, a row for each codec: the accuracy, and the gap between women and men."""
    if not found.codecs:
        return ""
    names, columns = axes_of(found)
    right, gap = (np.full((len(names), len(columns)), np.nan) for _ in range(2))
    for cell in found.codecs:
        for corpus, each in cell.forced.items():
            at = names.index(cell.codec), columns.index((corpus, cell.band))
            right[at], gap[at] = _right(each), _gap(each)
    figure, grid = panels(2, width=4.9, height=0.27 * len(names) + 1.3, sharey=True)
    _map(grid[0][0], right, "viridis", (min(80.0, float(np.nanmin(right))), 100.0), "right of gated windows, %")
    edge = max(10.0, float(np.nanmax(np.abs(gap))))
    _map(grid[0][1], gap, _TEAL_TO_MAGENTA, (-edge, edge), "women less men, points")
    for axes in grid[0]:
        axes.set_xticks(range(len(columns)), [band.replace(" ", "\n", 1) for _, band in columns], fontsize=8)
        axes.set_yticks(range(len(names)), names, fontsize=9)
        _head(axes, columns)
    save(figure, path)
    return _said(found)


def axes_of(found: Evaluation) -> tuple[list[str], list[Column]]:
    """Rows and columns of the table."""
    corpora = list(dict.fromkeys(corpus for cell in found.codecs for corpus in cell.forced))
    return list(dict.fromkeys(cell.codec for cell in found.codecs)), [(c, band) for c in corpora for band in BANDS]


def _map(axes: Axes, values: np.ndarray, colours: str | Colormap, limits: tuple[float, float], title: str) -> None:
    image = axes.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
            axes.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=8,
                      color="white" if dark else "#111111")  # fmt: skip
    axes.set_xlabel(title)
    axes.set_facecolor("#eeeeee")  # where a codec has no such band
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _head(axes: Axes, columns: list[Column]) -> None:
    """The corpora's names above their columns, a line between them."""
    for corpus in dict.fromkeys(corpus for corpus, _ in columns):
        places = [place for place, (each, _) in enumerate(columns) if each == corpus]
        axes.text(np.mean(places), -0.7, name_of(corpus), ha="center", va="bottom", fontsize=10)
        if places[0]:
            axes.axvline(places[0] - 0.5, color="white", linewidth=4)


def _said(found: Evaluation) -> str:
    means = {(cell.codec, cell.band): float(np.mean([_right(each) for each in cell.forced.values()]))
             for cell in found.codecs}  # fmt: skip
    worst, best = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    return (
        "Accuracy of 2 s windows, forced choice, by codec and by the band that the voice was limited to before it "
        f"({', '.join(BANDS)}; a codec at 8 kHz has no more than 4 kHz); the number is kbit/s. At most three files "
        f"of each speaker. Mean of the corpora: worst {worst[0]} at {worst[1]}, {means[worst]:.1f} %; "
        f"best {best[0]} at {best[1]}, {means[best]:.1f} %. Right: above zero women fare better than men, below worse."
    )


def _right(each: ByGender) -> float:
    return 100 * each.all.value if each.all else float("nan")


def _gap(each: ByGender) -> float:
    return 100 * (each.female.value - each.male.value) if each.female and each.male else float("nan")


def cells(found: Evaluation) -> list[list[str]]:
    """The table in words: a head, then a row for each codec, women/men in each cell."""
    names, columns = axes_of(found)
    known = {(cell.codec, corpus, cell.band): each for cell in found.codecs for corpus, each in cell.forced.items()}
    rows = [["codec", *(f"{name_of(corpus)}, {band}" for corpus, band in columns)]]
    return rows + [[name, *(_cell(known.get((name, *column))) for column in columns)] for name in names]


def _cell(each: ByGender | None) -> str:
    if not each or not each.all:
        return ""
    sides = " / ".join(percent(share.value) if share else "–" for share in (each.female, each.male))
    return f"{percent(each.all.value)} ({sides})"
