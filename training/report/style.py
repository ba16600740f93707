"""How pictures look: one size of type, colours that colour-blind readers can tell apart, small files."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image

mpl.use("Agg")
from matplotlib import pyplot as plt

Axes = Any  # matplotlib ships no types for arrays of axes
Figure = Any

COLOURS = {"female": "#b3106e", "male": "#00798c", "all": "#333333"}  # magenta, teal
MARKERS = {"female": "o", "male": "s", "all": "D"}  # never by colour alone
SAID = {"female": "women", "male": "men", "all": "all"}
CORPUS_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#8c5fa8", "#56b4e9", "#e69f00")  # Okabe and Ito, mostly
LINES = ("-", "--", "-.", ":", "-", "--")
NAMES = {
    "librispeech": "LibriSpeech", "speechocean762": "speechocean762", "ravdess": "RAVDESS", "nemo": "nEMO",
    "esc10": "ESC-10", "librosa-examples": "librosa's examples", "sound-font": "sound font",
}  # fmt: skip
_DPI = 110

plt.rcParams.update({
    "font.size": 10, "axes.titlesize": 11, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": "#e4e4e4", "grid.linewidth": 0.8, "axes.axisbelow": True,
    "legend.frameon": False, "figure.constrained_layout.use": True, "figure.facecolor": "white",
})  # fmt: skip


def name_of(corpus: str) -> str:
    """A corpus as it writes itself."""
    return NAMES.get(corpus, corpus)


def panels(columns: int, rows: int = 1, *, width: float = 3.2, height: float = 3.2, **options: object) -> tuple:
    """A figure of equal panels: the figure, and its axes as an array [rows, columns]."""
    return plt.subplots(rows, columns, figsize=(width * columns, height * rows), squeeze=False, **options)


def legend(figure: Figure, axes: Axes, **said: str) -> None:
    """Who is which mark, below the panels, so that it hides nothing."""
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, [said.get(name, name) for name in names], loc="outside lower center", ncols=len(names))


def matrix(axes: Axes, counts: np.ndarray, answers: Sequence[str], truths: Sequence[str]) -> None:
    """A confusion matrix [truth, answer]: percent of each row, windows below."""
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        axes.text(column, row, f"{share:.1f}\n({counts[row, column]})", ha="center", va="center",
                  color="white" if share > 55 else "#222222", fontsize=9)  # fmt: skip
    axes.set_xticks(range(len(answers)), answers, fontsize=9)
    axes.set_yticks(range(len(truths)), truths)
    axes.tick_params(length=0)
    axes.grid(visible=False)


def save(figure: Figure, path: Path, *, colours: int = 256) -> None:
    """Write a PNG of few colours, a third of the bytes, and forget the figure."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=_DPI)
    plt.close(figure)
    Image.open(drawn).convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
