"""Voices re-made with WORLD: another pitch, a livelier melody, a slightly other throat, the formants kept.

Without them a network takes raised pitch for a woman's voice: shouting men come out wrong.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyworld

from training.audio import RATE, Int16, to_float, to_int16

PITCH = {"female": (0.7, 1.35), "male": (0.8, 1.6), "child": (0.8, 1.25)}  # times the speaker's; formants tell
LIVELINESS = (0.8, 1.8)  # times the melody's excursions around its median, in log frequency
THROAT = (0.96, 1.04)  # times the formants' frequencies: another speaker of the same gender
F0_LIMITS = (65.0, 500.0)  # Hz, of what is synthesised
_PERIOD = 5.0  # ms between frames of WORLD's analysis

Float64 = npt.NDArray[np.float64]
Limits = tuple[float, float]


class Childlike(NamedTuple):
    """What makes a child's voice of a woman's: about that of 5 to 10 years (Lee, Potamianos, Narayanan 1999)."""

    pitch: Limits = (1.05, 1.6)
    throat: Limits = (1.15, 1.35)


CHILDLIKE = Childlike()


def remake(
    samples: Int16, rng: np.random.Generator, *, copies: int, pitch: Limits, throat: Limits = THROAT
) -> list[Int16]:
    """`copies` other voices that say the same as `samples` (int16[n], 16 kHz): int16[about n] each.

    Each voice's pitch is a factor of the speaker's, drawn from `pitch`; its formants', from `throat`. A recording
    with no 100 ms of voiced sound gives none.
    """
    x = to_float(samples).astype(np.float64)
    f0, times = pyworld.dio(x, RATE, frame_period=_PERIOD)
    f0 = pyworld.stonemask(x, f0, times, RATE)
    if np.count_nonzero(f0) * _PERIOD < 100.0:
        return []
    envelope = pyworld.cheaptrick(x, f0, times, RATE)
    aperiodicity = pyworld.d4c(x, f0, times, RATE)
    voices = []
    for _ in range(copies):
        melody = _melody(f0, _log_uniform(rng, pitch), rng.uniform(*LIVELINESS))
        warp = _log_uniform(rng, throat)
        made = pyworld.synthesize(melody, _warp(envelope, warp), _warp(aperiodicity, warp), RATE, _PERIOD)
        voices.append(to_int16(_as_loud_as(made, x)))
    return voices


def _melody(f0: Float64, scale: float, liveliness: float) -> Float64:
    """F0 (Hz, 0: unvoiced) with its median scaled and its excursions from it stretched."""
    voiced = f0 > 0
    log_f0 = np.log(f0[voiced])
    median = np.median(log_f0)
    made = np.zeros_like(f0)
    made[voiced] = np.clip(np.exp(median + np.log(scale) + liveliness * (log_f0 - median)), *F0_LIMITS)
    return made


def _warp(spectrum: Float64, factor: float) -> Float64:
    """Each row's frequencies times `factor`, linearly interpolated: float64[frames, bins]."""
    bins = np.arange(spectrum.shape[1])
    at = np.minimum(bins / factor, bins[-1])
    low = np.minimum(at.astype(int), bins[-1] - 1)
    part = at - low
    return np.ascontiguousarray(spectrum[:, low] * (1 - part) + spectrum[:, low + 1] * part)


def _as_loud_as(made: Float64, original: Float64) -> Float64:
    gain = np.sqrt(np.mean(original**2) / (np.mean(made**2) + 1e-12))
    peak = np.max(np.abs(made)) + 1e-12
    return made * min(gain, 0.99 / peak)


def _log_uniform(rng: np.random.Generator, limits: Limits) -> float:
    return float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]))))
