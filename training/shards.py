"""Prepared windows on disk: log-mel as float16, targets, and where each is from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models import LogMelSpec
from stream.features import LogMel
from training.audio import RATE, WINDOW, Int16

FEATURES = LogMelSpec()
FRAMES = 1 + (WINDOW - FEATURES.frame) // FEATURES.hop


@dataclass(frozen=True, slots=True)
class Shard:
    """n windows."""

    log_mel: npt.NDArray[np.float16]  # [n, FRAMES, bands], dB
    targets: npt.NDArray[np.int8]  # [n, 3]
    origin: npt.NDArray[np.str_]  # [n, 4]: condition, corpus, speaker, gender or kind


@dataclass(frozen=True, slots=True)
class Example:
    """One window to prepare."""

    samples: Int16
    targets: tuple[int, int, int]
    origin: tuple[str, str, str, str]


def write_shard(path: Path, examples: Iterable[Example]) -> int:
    """Compute the features of `examples` by the stream's own kernel and write them; returns how many."""
    log_mel = LogMel(FEATURES, sample_rate=RATE, window=WINDOW)
    kept = list(examples)
    features = np.empty((len(kept), FRAMES, FEATURES.bands), np.float16)
    for i, example in enumerate(kept):
        features[i] = log_mel(example.samples)
    np.save(path.with_suffix(".targets.npy"), np.array([example.targets for example in kept], np.int8))
    np.save(path.with_suffix(".origin.npy"), np.array([example.origin for example in kept]))
    partial = path.with_suffix(".partial.npy")
    np.save(partial, features)
    partial.rename(path.with_suffix(".npy"))  # last: a shard with features is whole
    return len(kept)


def read_shards(paths: Sequence[Path]) -> Shard:
    """The shards one after the other, in memory."""
    return Shard(
        np.concatenate([np.load(path) for path in paths]),
        np.concatenate([np.load(path.with_suffix(".targets.npy")) for path in paths]),
        np.concatenate([np.load(path.with_suffix(".origin.npy")) for path in paths]),
    )


def shard_paths(folder: Path, name: str) -> list[Path]:
    """The whole shards called `name`-…, sorted."""
    return sorted(path for path in folder.glob(f"{name}-*.npy") if path.suffixes == [".npy"])
