"""The kernels' float64 twin in plain NumPy: what they must equal. For tests and the benchmark."""

import numpy as np
import numpy.typing as npt

from models.spec import FeatureSpec, FramedSpec, LogMelSpec, MelSpec, MfccSpec, SpectrogramSpec, WaveSpec
from stream.features.mel import mel_weights
from stream.features.mfcc import cosine_basis
from stream.records import Samples

Float64 = npt.NDArray[np.float64]


def feature_twin(samples: Samples, spec: FeatureSpec, *, sample_rate: int) -> Float64:
    """The features of `samples` (int16[n]) as `spec` says: float64[rows, columns]."""
    match spec:
        case LogMelSpec():
            return log_mel_twin(samples, spec, sample_rate=sample_rate)
        case MfccSpec():
            return log_mel_twin(samples, spec, sample_rate=sample_rate) @ cosine_basis(spec.bands, spec.coefficients)
        case SpectrogramSpec():
            return _decibels(_power(samples, spec), spec.floor)
        case WaveSpec():
            return samples[:, np.newaxis] / 32768.0


def log_mel_twin(samples: Samples, spec: MelSpec, *, sample_rate: int) -> Float64:
    """Log-mel in dB of all whole frames of `samples` (int16[n]): float64[frames, bands]."""
    weights = mel_weights(sample_rate=sample_rate, fft=spec.fft, bands=spec.bands, f_min=spec.f_min, f_max=spec.f_max)
    return _decibels(_power(samples, spec) @ weights.T, spec.floor)


def _power(samples: Samples, spec: FramedSpec) -> Float64:
    frames = np.lib.stride_tricks.sliding_window_view(samples / 32768.0, spec.frame)[:: spec.hop]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spec.frame) / spec.frame)
    return np.asarray(np.abs(np.fft.rfft(frames * hann, spec.fft)) ** 2)


def _decibels(power: Float64, floor: float) -> Float64:
    return np.asarray(10.0 * np.log10(np.maximum(power, floor)))
