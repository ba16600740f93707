"""What the FFT kernels need of their caller: the window, the factors of each pass, room to work in."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.features.lanes import LANES, aligned_zeros
from stream.records import FULL_SCALE

_Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FftPlan:
    """For frames of one length through a real FFT of one length, LANES frames together."""

    hann: _Float32  # [frame], from int16
    twiddle: _Float32  # of the radix-4 passes, one after the other
    unpack: _Float32  # of `unpack_power`
    work: _Float32  # [4, fft // 2 * LANES]
    power: _Float32  # [(fft // 2 + 1) * LANES]


def plan_fft(frame: int, fft: int) -> FftPlan:
    """The plan for frames of `frame` samples, padded with zeros to `fft`."""
    points = fft // 2  # complex ones: even and odd samples are packed into pairs
    twiddle, unpack = _twiddles(points)
    work, power = aligned_zeros(4, points * LANES), aligned_zeros((points + 1) * LANES)
    return FftPlan(_hann(frame), twiddle, unpack, work, power)


def _hann(size: int) -> _Float32:
    """The periodic Hann window, with the scale from int16 to ±1 folded in: float32[size]."""
    return ((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)) / FULL_SCALE).astype(np.float32)


def _twiddles(points: int) -> tuple[_Float32, _Float32]:
    """Factors of the radix-4 passes of `points`, one pass after the other, and of `unpack_power`."""
    passes, size = [], points
    while size >= 4:
        angle = -2 * np.pi / size * np.outer(np.arange(size // 4), (1, 2, 3))
        passes.append(np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(-1, 6))
        size //= 4
    angle = -np.pi * np.arange(points) / points
    unpack = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.concatenate(passes).astype(np.float32), unpack.astype(np.float32)
