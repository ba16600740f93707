"""What to prepare, from where to where, and the seeds of it."""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class Plan:
    """What to prepare, from where to where."""

    data: Path
    work: Path
    teacher: Path  # the model folder that labels unlabelled recordings
    windows: int  # to train on
    seed: int

    def pool(self, split: str, name: str) -> Path:
        """The folder of one pool."""
        return self.work / "pools" / f"{split}-{name}"

    @property
    def rooms(self) -> Path:
        """The simulated rooms' responses."""
        return self.work / "rooms.npz"

    def shard(self, name: str, number: int) -> Path:
        """The file of one shard."""
        return self.work / "shards" / f"{name}-{number:03d}.npy"

    def rng(self, *key: str | int) -> np.random.Generator:
        """A generator of its own for each unit of work."""
        return np.random.default_rng([self.seed, *(zlib.crc32(str(part).encode()) for part in key)])
