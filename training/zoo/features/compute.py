"""One function for all kinds: windows in, features out."""

from collections.abc import Callable
from functools import partial

import numpy as np

from models.spec import LogMelSpec
from stream.features import LogMel
from training.audio import RATE, WINDOW, Float32, Int16, to_float
from training.zoo.features import spectral, tonal
from training.zoo.features.kinds import Chroma, Feature, SpectralStatistics


def compute(samples: Int16, feature: Feature) -> Float32:
    """The features of windows int16[n, WINDOW]: float32[n, …], shape and unit as the kind says."""
    if isinstance(feature, SpectralStatistics):
        return spectral.of_windows(samples)
    of_one = _of_one(feature)
    return np.stack([of_one(window) for window in samples])


def _of_one(feature: Feature) -> Callable[[Int16], Float32]:
    """The function of one window int16[WINDOW]."""
    if isinstance(feature, LogMelSpec):
        log_mel = LogMel(feature, sample_rate=RATE, window=WINDOW)
        return lambda window: log_mel(window).copy()
    of_floats: Callable[[Float32], Float32] = (
        partial(tonal.chroma, kind=feature) if isinstance(feature, Chroma)
        else partial(tonal.spectral_contrast, kind=feature)
    )  # fmt: skip
    return lambda window: of_floats(to_float(window))
