"""Statistics of a spectrum as seewave's `specprop` and warbleR's `specan` define them."""

import numpy as np

from training.audio import Float32, Int16
from training.zoo.features.spectrum import Floats, amplitude_spectra

NAMES = (
    "mean", "deviation", "median", "Q25", "Q75", "IQR", "skewness", "kurtosis", "entropy", "flatness", "mode",
    "centroid",
)  # fmt: skip
_LEAST = 1e-12  # of an amplitude's share: what is nothing has no logarithm


def spectral_statistics(samples: Int16) -> Float32:
    """The twelve NAMES of windows int16[n, size]'s whole spectra: float32[n, 12]; units as in `statistics`."""
    return statistics(*amplitude_spectra(samples)).astype(np.float32)


def statistics(amplitude: Floats, hz: Floats) -> Floats:
    """The twelve NAMES of amplitude spectra float64[n, bins] (linear, any unit) at `hz` float64[bins]: float64[n, 12].

    kHz: mean, deviation, median, quartiles and their range, mode, centroid. Without unit: skewness, kurtosis (of the
    amplitudes, not of the frequencies), entropy (0 to 1), flatness (0 to 1). The centroid is the mean once more, as it
    is there. Source: J. Sueur, seewave, functions specprop, sh and sfm (https://rug.mnhn.fr/seewave); warbleR calls it.
    """
    share = amplitude / np.maximum(amplitude.sum(axis=1, keepdims=True), _LEAST)
    khz, bins = hz / 1000.0, hz.size
    mean = share @ khz
    deviation = np.sqrt(np.sum(share * (khz - mean[:, None]) ** 2, axis=1))
    q25, median, q75 = (_quantile(share, khz, part) for part in (0.25, 0.5, 0.75))
    centred = share - share.mean(axis=1, keepdims=True)
    spread = np.maximum(share.std(axis=1, ddof=1), _LEAST)
    skewness, kurtosis = ((centred**power).sum(axis=1) / (bins - 1) / spread**power for power in (3, 4))
    logarithm = np.log(np.maximum(share, _LEAST))
    entropy = -np.sum(share * logarithm, axis=1) / np.log(bins)
    flatness = np.exp(logarithm.mean(axis=1)) / np.maximum(share.mean(axis=1), _LEAST)
    mode = khz[share.argmax(axis=1)]
    found = (mean, deviation, median, q25, q75, q75 - q25, skewness, kurtosis, entropy, flatness, mode, mean)
    return np.stack(found, axis=1)


def _quantile(share: Floats, khz: Floats, part: float) -> Floats:
    """The first frequency up to which more than `part` of the amplitude lies."""
    below = (np.cumsum(share, axis=1) <= part).sum(axis=1)
    return khz[np.minimum(below, khz.size - 1)]
