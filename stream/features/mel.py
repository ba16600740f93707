"""Slaney's mel filter bank, as sparse bands: which FFT bins each band sums, with what weight."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LINEAR_HZ_PER_MEL = 200.0 / 3.0  # Slaney's scale is linear up to 1 kHz …
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0  # … and logarithmic above


def hz_from_mel(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Frequencies (Hz) of mel values. Source: Slaney, Auditory Toolbox (1998), as librosa's `htk=False`."""
    linear = mel * _LINEAR_HZ_PER_MEL
    above = _BREAK_HZ * np.exp(_LOG_STEP * np.maximum(mel - _BREAK_MEL, 0.0))
    return np.where(mel < _BREAK_MEL, linear, above)


def mel_from_hz(hz: float) -> float:
    """The mel value of a frequency in Hz; the inverse of `hz_from_mel`."""
    if hz < _BREAK_HZ:
        return hz / _LINEAR_HZ_PER_MEL
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _edges(bands: int, f_min: float, f_max: float) -> npt.NDArray[np.float64]:
    """Where the first band begins, the centre of each, and where the last ends, in Hz: float64[bands + 2]."""
    return hz_from_mel(np.linspace(mel_from_hz(f_min), mel_from_hz(f_max), bands + 2))


def mel_weights(*, sample_rate: int, fft: int, bands: int, f_min: float, f_max: float) -> npt.NDArray[np.float64]:
    """Triangular bands of equal area over the power spectrum: float64[bands, fft // 2 + 1]."""
    edges = _edges(bands, f_min, f_max)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = np.fft.rfftfreq(fft, 1.0 / sample_rate)[None, :]
    triangle = np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre))
    return np.maximum(triangle, 0.0) * 2.0 / (right - left)


@dataclass(frozen=True, slots=True)
class SparseBands:
    """Band b rises over the bins edge[b]:edge[b + 1] and falls over edge[b + 1]:edge[b + 2]; no bin is in a third."""

    edge: npt.NDArray[np.int32]  # [bands + 2]
    rising: npt.NDArray[np.float32]  # weight of each bin in the band that rises there
    falling: npt.NDArray[np.float32]  # and in that which falls


def sparse_bands(*, sample_rate: int, fft: int, bands: int, f_min: float, f_max: float) -> SparseBands:
    """`mel_weights` without the zeros."""
    weights = mel_weights(sample_rate=sample_rate, fft=fft, bands=bands, f_min=f_min, f_max=f_max)
    edge = np.searchsorted(np.fft.rfftfreq(fft, 1.0 / sample_rate), _edges(bands, f_min, f_max))
    bins = np.arange(weights.shape[1])
    rises = np.clip(np.searchsorted(edge, bins, "right") - 1, 0, bands)  # which band does, at each bin
    known = np.pad(weights.astype(np.float32), ((1, 1), (0, 0)))  # with none below the first and above the last
    return SparseBands(edge.astype(np.int32), known[rises + 1, bins], known[rises, bins])
