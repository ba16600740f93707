"""Features on disk, found again by what they are made of: the windows, the kind with its parameters, and our code."""

import hashlib
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

import stream.features
import training.zoo.features
from training.audio import Float32, Int16
from training.zoo.features import Feature, compute, kind_of

CHUNK = 256  # windows in a file: what an interruption costs


def extract(samples: Int16, feature: Feature, folder: Path) -> Float32:
    """The features of windows int16[n, WINDOW], n > 0, from `folder` where they are there, else computed and kept."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = kind_of(type(feature))
    parts = []
    for start in range(0, len(samples), CHUNK):
        chunk = samples[start : start + CHUNK]
        path = folder / f"{kind}-{_digest(chunk, feature)}.npy"
        if not path.exists():
            partial = path.with_suffix(".partial.npy")
            np.save(partial, compute(chunk, feature))
            partial.rename(path)  # a file of this name is whole
            print(f"{kind}: {start + len(chunk)} of {len(samples)} windows", flush=True)
        parts.append(np.load(path))
    return np.concatenate(parts)


def _digest(samples: Int16, feature: Feature) -> str:
    parts = (msgspec.json.encode(feature), np.ascontiguousarray(samples).tobytes(), _code())
    return hashlib.blake2b(b"".join(parts), digest_size=12).hexdigest()


@cache
def _code() -> bytes:
    """The text of what computes features: when it changes, what is on disk is of no use."""
    folders = [Path(str(package.__file__)).parent for package in (stream.features, training.zoo.features)]
    return b"".join(path.read_bytes() for folder in folders for path in sorted(folder.glob("*.py")))
