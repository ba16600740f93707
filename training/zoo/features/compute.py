"""One function for all kinds: windows in, features out."""

from collections.abc import Callable

import numpy as np

from stream.features import build_extractor
from training.audio import RATE, WINDOW, Float32, Int16, to_float
from training.zoo.features.kinds import Chroma, Feature, SpectralContrast, SpectralStatistics
from training.zoo.features.spectral import spectral_statistics
from training.zoo.features.tonal import chroma, spectral_contrast


def compute(samples: Int16, feature: Feature) -> Float32:
    """The features of windows int16[n, WINDOW], n > 0: float32[n, …], shape and unit as the kind says."""
    return extraction(feature)(samples)


def extraction(feature: Feature) -> Callable[[Int16], Float32]:
    """The function of windows that `compute` calls, its tables made once."""
    if isinstance(feature, SpectralStatistics):
        return spectral_statistics
    of_one = _of_one(feature)
    return lambda samples: np.stack([of_one(window) for window in samples])


def _of_one(feature: Feature) -> Callable[[Int16], Float32]:
    """The function of one window int16[WINDOW]."""
    if isinstance(feature, Chroma):
        return lambda window: chroma(to_float(window), feature)
    if isinstance(feature, SpectralContrast):
        return lambda window: spectral_contrast(to_float(window), feature)
    extract = build_extractor(feature, sample_rate=RATE, window=WINDOW)
    return lambda window: extract(window).copy()  # the extractor writes the next window's over them
