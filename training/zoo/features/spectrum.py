"""Whole windows' spectra on the stream's FFT kernel."""

import numba as nb
import numpy as np
import numpy.typing as npt

from stream.features import kernels
from stream.features.fft import plan_fft
from stream.features.lanes import LANES
from training.audio import RATE, Int16

Floats = npt.NDArray[np.float64]


def amplitude_spectra(samples: Int16) -> tuple[Floats, Floats]:
    """Amplitudes of windows int16[n, size] (of ±1) under a Hann window, and their frequencies.

    Padded to a power of two: float64[n, fft / 2 + 1], where a full-scale sine is at a quarter of `size`, and
    float64[fft / 2 + 1] in Hz.
    """
    number, size = samples.shape
    fft = 1 << (size - 1).bit_length()
    plan = plan_fft(size, fft)
    room = plan.room
    filled = np.zeros((-(-number // LANES) * LANES, size), np.int16)  # the kernel transforms LANES at a time
    filled[:number] = samples
    power = np.empty((len(filled) // LANES, room.power.size), np.float32)
    _transform(filled.ravel(), size, plan.hann, plan.twiddle, plan.place, plan.unpack, room.work, room.power, power)
    by_window = power.reshape(-1, fft // 2 + 1, LANES).swapaxes(1, 2).reshape(-1, fft // 2 + 1)
    return np.sqrt(by_window[:number].astype(np.float64)), np.fft.rfftfreq(fft, 1 / RATE)


@nb.njit(cache=True, nogil=True)
def _transform(samples, hop, window, twiddle, place, unpack, work, power, out):
    """The power of LANES windows, `hop` samples apart, to each row of `out`."""
    for row in range(len(out)):
        kernels.power_spectra(samples, row * LANES * hop, hop, window, twiddle, place, unpack, work, power)
        out[row] = power
