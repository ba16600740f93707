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


def mel_weights(*, sample_rate: int, fft: int, bands: int, f_min: float, f_max: float) -> npt.NDArray[np.float64]:
    """Triangular bands of equal area over the power spectrum: float64[bands, fft // 2 + 1]."""
    edges = hz_from_mel(np.linspace(mel_from_hz(f_min), mel_from_hz(f_max), bands + 2))
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = np.fft.rfftfreq(fft, 1.0 / sample_rate)[None, :]
    triangle = np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre))
    return np.maximum(triangle, 0.0) * 2.0 / (right - left)


@dataclass(frozen=True, slots=True)
class SparseBands:
    """Band b sums power[first[b]:last[b]] with weight[offset[b]:]."""

    first: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]
    offset: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float32]


def sparse_bands(weights: npt.NDArray[np.float64]) -> SparseBands:
    """The non-zero run of each row of `weights`; a band too narrow for any bin sums nothing."""
    rows = [np.flatnonzero(row) for row in weights]
    first = np.array([row[0] if row.size else 0 for row in rows], np.int32)
    last = np.array([row[-1] + 1 if row.size else 0 for row in rows], np.int32)
    offset = np.concatenate([[0], np.cumsum(last - first)[:-1]]).astype(np.int32)
    runs = [row[a:b] for row, a, b in zip(weights, first, last, strict=True)]
    return SparseBands(first, last, offset, np.concatenate(runs).astype(np.float32))
