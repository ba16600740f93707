"""What features look like and what they cost."""

import time
from collections.abc import Sequence

import numpy as np

from training.audio import Float32, Int16
from training.zoo.features import Feature, extraction, kind_of

_ROUNDS = 15


def layout(kinds: Sequence[Feature], features: Sequence[Float32]) -> str:
    """The kinds of features, each with its shape of one window, as `chroma 100 × 12`."""
    names = [kind_of(type(kind)) for kind in kinds]
    shapes = [" × ".join(map(str, each.shape[1:])) for each in features]
    return " + ".join(f"{name} {shape}" for name, shape in zip(names, shapes, strict=True))


def feature_milliseconds(kinds: Sequence[Feature], window: Int16) -> float:
    """Time of one window's features (int16[WINDOW]) by themselves, warm: the median of a few."""
    extractions, times = [extraction(kind) for kind in kinds], []
    for _ in range(_ROUNDS + 1):
        start = time.perf_counter()
        for extract in extractions:
            extract(window[None])
        times.append(time.perf_counter() - start)
    return float(np.median(times[1:]) * 1e3)
