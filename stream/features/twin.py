"""The kernels' float64 twin in plain NumPy: what they must equal. For tests and the benchmark."""

import numpy as np
import numpy.typing as npt

from models.spec import LogMelSpec
from stream.features.mel import mel_weights


def log_mel_twin(samples: npt.NDArray[np.int16], spec: LogMelSpec, *, sample_rate: int) -> npt.NDArray[np.float64]:
    """Log-mel in dB of all whole frames of `samples` (int16[n]): float64[frames, bands]."""
    frames = np.lib.stride_tricks.sliding_window_view(samples / 32768.0, spec.frame)[:: spec.hop]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spec.frame) / spec.frame)
    power = np.abs(np.fft.rfft(frames * hann, spec.fft)) ** 2
    weights = mel_weights(sample_rate=sample_rate, fft=spec.fft, bands=spec.bands, f_min=spec.f_min, f_max=spec.f_max)
    return np.asarray(10.0 * np.log10(np.maximum(power @ weights.T, spec.floor)))
