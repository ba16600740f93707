"""Cross-fitting: networks that have not heard some of the speakers, so that all of them can be asked about."""

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from models import UnusableError
from training.calls.simulate import GENDERS, Voice
from training.corpora.speakers import lot

SHARDS = "shards"


@dataclass(frozen=True, slots=True)
class Fold:
    """Speakers to leave out, and where that is done."""

    number: int
    speakers: frozenset[str]
    folder: Path


Learn = Callable[[Fold], Path]
"""The model folder of a network that has not heard the fold's speakers."""


def split_folds(voices: Sequence[Voice], number: int, work: Path) -> list[Fold]:
    """`number` folds with as many women and men each, drawn by hash."""
    parts: list[set[str]] = [set() for _ in range(number)]
    for gender in GENDERS:
        names = sorted({voice.name for voice in voices if voice.gender == gender}, key=lot)
        if len(names) < number:
            raise UnusableError(f"{len(names)} {gender} speakers for {number} folds: expected one in each at least")
        for place, name in enumerate(names):
            parts[place % number].add(name)
    return [Fold(place, frozenset(part), work / "folds" / str(place)) for place, part in enumerate(parts)]


def learn_fold(fold: Fold, *, data: Path, work: Path, windows: int, epochs: int, seed: int) -> Path:
    """Train from nothing on `windows` prepared in `work` without the fold's speakers'; resumes after an epoch.

    In a process of its own: TensorFlow gives memory back to nobody.
    """
    model = fold.folder / "model"
    if not (model / "spec.json").exists():  # written last
        write_shards(work, fold, windows)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
            executor.submit(_learn, fold.folder, data, epochs, seed).result()
        shutil.rmtree(fold.folder / SHARDS)
    return model


def _learn(work: Path, data: Path, epochs: int, seed: int) -> None:
    from training.calibrate import calibrate
    from training.export import export
    from training.train import train

    train(work, epochs=epochs, seed=seed, start=None)
    calibrate(work)
    export(data, work, work / "model")


def write_shards(work: Path, fold: Fold, windows: int) -> None:
    """Prepared windows without those of the fold's speakers, whatever was made of their voices included.

    Of those to train on whole shards, until they held `windows` before that; fewer where fewer are prepared.
    """
    from training.shards import shard_paths

    whole, part = fold.folder / SHARDS, fold.folder / "shards.partial"
    if whole.exists():
        return
    paths = [*_enough(shard_paths(work / SHARDS, "train"), windows), *shard_paths(work / SHARDS, "dev")]
    if not paths:
        raise UnusableError(f"no windows in {work}: run `python -m training prepare` first")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for path in paths:
        origin = np.load(path.with_suffix(".origin.npy"))
        kept = ~np.isin(origin[:, 2], sorted(fold.speakers))
        np.save(part / path.with_suffix(".origin.npy").name, origin[kept])
        for each in (path.with_suffix(".targets.npy"), path):
            np.save(part / each.name, np.load(each, mmap_mode="r")[kept])
    part.rename(whole)


def _enough(paths: Sequence[Path], windows: int) -> list[Path]:
    """The first of the shards that hold `windows` together."""
    held = np.cumsum([len(np.load(path.with_suffix(".targets.npy"), mmap_mode="r")) for path in paths])
    return list(paths[: int(np.searchsorted(held, windows)) + 1])
