"""Telephone lines in numpy: the 300-3400 Hz band at 8 kHz, and G.711's two laws (ITU-T G.711, 1988)."""

import numpy as np
import numpy.typing as npt

from training.audio import RATE, Float32

Law = str  # "mu" or "a"
_MU = 255.0
_A = 87.6
_LEVELS = 128.0  # of one sign, 8 bits


def mu_law(samples: Float32) -> Float32:
    """Encode ±1 samples to 8 bits by the continuous µ-law and decode them again."""
    x = np.clip(samples, -1.0, 1.0)
    code = np.round(np.log1p(_MU * np.abs(x)) / np.log1p(_MU) * (_LEVELS - 1)) / (_LEVELS - 1)
    return (np.sign(x) * np.expm1(code * np.log1p(_MU)) / _MU).astype(np.float32)


def a_law(samples: Float32) -> Float32:
    """Encode ±1 samples to 8 bits by the continuous A-law and decode them again."""
    x = np.clip(samples, -1.0, 1.0)
    size, scale = np.abs(x), 1.0 + np.log(_A)
    code = np.where(size < 1 / _A, _A * size, 1.0 + np.log(np.maximum(_A * size, 1.0))) / scale
    # Halfway levels: A-law has no zero, silence is its smallest step.
    code = (np.floor(np.minimum(code, 1 - 1e-6) * _LEVELS) + 0.5) / _LEVELS * scale
    decoded = np.where(code < 1.0, code, np.exp(code - 1.0)) / _A
    return np.copysign(decoded, x).astype(np.float32)


def pass_band(samples: Float32, low: float, high: float) -> Float32:
    """Keep `low` to `high` Hz of samples at 16 kHz, with skirts of about an eighth of each edge."""
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(samples.size, 1 / RATE)
    with np.errstate(over="ignore"):
        gain = 1.0 / (1.0 + np.exp(-(hz - low) / (low / 8 + 1.0))) / (1.0 + np.exp((hz - high) / (high / 40)))
    return np.fft.irfft(spectrum * gain, samples.size).astype(np.float32)


def over_telephone(samples: Float32, law: Law, *, low: float = 300.0, high: float = 3400.0) -> Float32:
    """Samples at 16 kHz as they come back from an 8 kHz line with G.711: float32[same]."""
    narrow = pass_band(samples, low, high)
    if narrow.size % 2:
        narrow = np.append(narrow, np.float32(0))
    half = np.fft.rfft(narrow)[: narrow.size // 4 + 1]
    decimated = np.fft.irfft(half / 2, narrow.size // 2).astype(np.float32)
    coded = mu_law(decimated) if law == "mu" else a_law(decimated)
    wide: npt.NDArray[np.complex128] = np.zeros(narrow.size // 2 + 1, complex)
    wide[: coded.size // 2 + 1] = np.fft.rfft(coded) * 2
    return np.fft.irfft(wide, narrow.size)[: samples.size].astype(np.float32)
