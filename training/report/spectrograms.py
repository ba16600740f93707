"""The pictures of the worst errors: log-mel as the model saw it, from the daemon's kernel."""

from pathlib import Path

import numpy as np

from training.report.evaluation import DB_OFFSET, Evaluation, Spectrograms, Worst
from training.report.style import Axes, name_of, panels, save

_COLUMNS = 3
_COLOURS = 64  # of the PNG: spectrograms do not pack well
_RANGE_DB = 70.0  # below the loudest
_SECONDS = 2.0
_TICKS_HZ = (250, 500, 1000, 2000, 4000, 8000)
_LINEAR_HZ = 200.0 / 3  # a step of Slaney's mel scale below 1 kHz; logarithmic above


def worst(found: Evaluation, seen: Spectrograms, path: Path) -> str:
    """The most confident error of each corpus under each condition."""
    chosen = list(zip(found.worst, seen, strict=True))
    if not chosen:
        return ""
    figure, grid = panels(_COLUMNS, -(-len(chosen) // _COLUMNS), width=3.15, height=2.0, sharex=True, sharey=True)
    for axes, (each, image) in zip(grid.flat, chosen, strict=False):
        _draw(axes, each, image)
    for axes in list(grid.flat)[len(chosen) :]:
        axes.axis("off")
    for axes in grid[-1]:
        axes.set_xlabel("time, s")
    for axes in grid[:, 0]:
        axes.set_ylabel("frequency, Hz")
    save(figure, path, colours=_COLOURS)
    licences = sorted({f"{name_of(each.corpus)} ({each.licence})" for each, _ in chosen})
    return ("The windows that the model is most surely wrong about, one for each corpus and condition: log-mel as it "
            f"saw them, {_RANGE_DB:.0f} dB from dark to bright. Sound: {', '.join(licences)}.")  # fmt: skip


def _draw(axes: Axes, each: Worst, image: np.ndarray) -> None:
    level = image.astype(float) - DB_OFFSET
    top = level.max()
    axes.imshow(level.T, origin="lower", aspect="auto", cmap="magma", vmin=top - _RANGE_DB, vmax=top,
                extent=(0, _SECONDS, 0, image.shape[1]), interpolation="nearest")  # fmt: skip
    axes.set_yticks(
        [_mel(hz) / _mel(8000) * (image.shape[1] + 1) - 0.5 for hz in _TICKS_HZ],
        [str(hz) for hz in _TICKS_HZ],
        fontsize=7,
    )
    axes.grid(visible=False)
    axes.set_title(caption(each), fontsize=8)


def caption(each: Worst) -> str:
    """Whence, what it is, and what the model said."""
    said, sure = ("woman", each.female) if each.female > 0.5 else ("man", 1 - each.female)
    truth = {"female": "a woman", "male": "a man"}.get(each.truth, each.truth)
    return f"{name_of(each.corpus)}, {each.condition}: {truth}\n“{said}”, {sure:.3f}"


def _mel(hz: float) -> float:
    """Slaney's scale (Auditory Toolbox, 1998)."""
    return hz / _LINEAR_HZ if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)
