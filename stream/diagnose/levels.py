"""What a second of audio says about the input that it came from. Pure: samples in, numbers out."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.records import FULL_SCALE, Samples

QUIETEST_DBFS = -120.0
"""Levels are never reported below this."""

SHORTEST_SECONDS = 0.5
"""Less than this cannot tell 50 Hz from 60 Hz: a spectrum of it has bins of 2 Hz."""

MAINS_HZ = (50, 60)

_HIGHEST_HARMONIC_HZ = 1000
_LOBE = 2  # bins on each side of a line that the Hann window spreads it over
_BESIDE = np.array([-4, -3, 3, 4])  # bins around a line, which tell the level that it stands out from


@dataclass(frozen=True, slots=True)
class LevelReading:
    """Levels are in dB of a full-scale square wave; level and hum are without the DC offset."""

    seconds: float
    rms_dbfs: float
    peak_dbfs: float  # of the largest sample, DC offset included: what is left below 0 is headroom
    clipped_share: float  # of the samples, at full scale; 0 to 1
    dc_share: float  # mean, as a share of full scale; -1 to 1
    constant: int | None  # the one value that all samples have; None where they differ
    mains_hz: int  # 50 or 60, whichever hums more
    hum_dbfs: float  # of the mains' frequency and its harmonics
    hum_over_rest_db: float  # hum against all else but the DC offset


def read_levels(samples: Samples, rate: int) -> LevelReading:
    """The reading of `samples` (int16[n], one channel) at `rate` Hz. Raises ValueError for less than 0.5 s."""
    if samples.dtype != np.int16 or samples.ndim != 1 or samples.size < SHORTEST_SECONDS * rate:
        raise ValueError(
            f"samples are {samples.dtype}{list(samples.shape)}: expected int16[n], at least {SHORTEST_SECONDS} s"
        )
    audio = samples / FULL_SCALE
    mean = float(audio.mean())
    power = float(np.mean((audio - mean) ** 2))
    mains, hum = _hum(audio, rate)
    hum = min(hum, power)
    return LevelReading(
        seconds=samples.size / rate,
        rms_dbfs=_decibels(power),
        peak_dbfs=_decibels(float(np.abs(audio).max()) ** 2),
        clipped_share=float(np.mean((samples == 32767) | (samples == -32768))),
        dc_share=mean,
        constant=int(samples[0]) if (samples == samples[0]).all() else None,
        mains_hz=mains,
        hum_dbfs=_decibels(hum),
        hum_over_rest_db=_decibels(hum) - _decibels(power - hum),
    )


def _decibels(power: float) -> float:
    return max(10.0 * math.log10(max(power, 1e-30)), QUIETEST_DBFS)


def _hum(audio: npt.NDArray[np.float64], rate: int) -> tuple[int, float]:
    """Which mains frequency hums more, and the power of its lines.

    Hum stays, voices move: of each harmonic only what stands out in every half second, and in a narrow line
    over the whole, counts. A man's voice at 100 Hz passes through the hum's lines, but does not rest on them.
    """
    spectra = [(size / rate, _spectra(audio, size)) for size in (round(SHORTEST_SECONDS * rate), audio.size)]
    powers = {
        mains: sum(
            min(_line(parts, harmonic * seconds) for seconds, parts in spectra)
            for harmonic in range(mains, min(_HIGHEST_HARMONIC_HZ, rate // 2 - mains) + 1, mains)
        )
        for mains in MAINS_HZ
    }
    return max(powers.items(), key=lambda each: each[1])


def _spectra(audio: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """Power per bin (one-sided, rate / size Hz each) of `size` samples at a time, half overlapping: [parts, bins].

    Scaled by Parseval's theorem: the bins of a part add up to its mean square under the Hann window.
    """
    parts = np.lib.stride_tricks.sliding_window_view(audio, size)[:: size // 2]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    spectra = np.fft.rfft((parts - parts.mean(axis=1, keepdims=True)) * hann)
    return np.asarray(2.0 * np.abs(spectra) ** 2 / (size * float(hann @ hann)))


def _line(spectra: npt.NDArray[np.float64], at: float) -> float:
    """Power of the line at bin `at`, above what lies beside it, in the part where it is weakest."""
    middle = round(at)
    lobe = spectra[:, middle - _LOBE : middle + _LOBE + 1]
    beside = spectra[:, middle + _BESIDE].mean(axis=1)
    return max(float((lobe.sum(axis=1) - beside * lobe.shape[1]).min()), 0.0)
