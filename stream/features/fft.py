"""What the FFT kernels need of their caller: the window, the factors of each pass, room to work in."""

import threading
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from stream.features.lanes import LANES, aligned_zeros
from stream.records import FULL_SCALE

_APART = 32  # floats between rows of `work`: addresses a power of two apart would contend for one place in the cache

_Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FftPlan:
    """For frames of one length through a real FFT of one length, LANES frames together. One for all streams."""

    hann: _Float32  # [frame], from int16
    twiddle: _Float32  # of the radix-4 passes, one after the other
    place: npt.NDArray[np.int32]  # of each frequency, after the last pass
    unpack: _Float32  # of `unpack_power`
    room: "Room"


class Room(threading.local):
    """Where one thread's streams all work in turn: what the stream before left is overwritten, still in the cache."""

    def __init__(self, points: int) -> None:
        self.work = aligned_zeros(2, points * LANES + _APART)
        self.power = aligned_zeros((points + 1) * LANES)


@cache
def plan_fft(frame: int, fft: int) -> FftPlan:
    """The plan for frames of `frame` samples, padded with zeros to `fft`."""
    points = fft // 2  # complex ones: even and odd samples are packed into pairs
    twiddle, unpack = _twiddles(points)
    place = np.argsort(_frequencies(points)).astype(np.int32)
    return FftPlan(_hann(frame), twiddle, place, unpack, Room(points))


def _hann(size: int) -> _Float32:
    """The periodic Hann window, with the scale from int16 to ±1 folded in: float32[size]."""
    return ((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)) / FULL_SCALE).astype(np.float32)


def _frequencies(points: int) -> npt.NDArray[np.intp]:
    """Which frequency each place has after all passes: of the four quarters that one makes, each has every fourth."""
    if points <= 2:  # the last pass
        return np.arange(points)
    return np.concatenate([4 * _frequencies(points // 4) + quarter for quarter in range(4)])


def _twiddles(points: int) -> tuple[_Float32, _Float32]:
    """Factors of the radix-4 passes of `points`, one pass after the other, and of `unpack_power`."""
    passes, size = [np.zeros((0, 6))], points
    while size > 4:  # the last pass has none
        angle = -2 * np.pi / size * np.outer(np.arange(size // 4), (1, 2, 3))
        passes.append(np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(-1, 6))
        size //= 4
    angle = -np.pi * np.arange(points) / points
    unpack = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.concatenate(passes).astype(np.float32), unpack.astype(np.float32)
