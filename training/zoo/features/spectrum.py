"""Whole windows' spectra on the stream's FFT kernel."""

import numba as nb
import numpy as np
import numpy.typing as npt

from stream.features import kernels
from stream.features.lanes import LANES
from stream.features.logmel import _twiddles
from training.audio import FULL_SCALE, RATE, Int16

Floats = npt.NDArray[np.float64]


def amplitude_spectra(samples: Int16) -> tuple[Floats, Floats]:
    """Amplitudes of windows int16[n, size] under a Hann window, padded to a power of two, and their frequencies (Hz).

    float64[n, fft / 2 + 1] with a full-scale sine at the sum of half the window, and float64[fft / 2 + 1].
    """
    number, size = samples.shape
    fft = 1 << (size - 1).bit_length()
    filled = np.zeros((-(-number // LANES) * LANES, size), np.int16)  # the kernel transforms LANES at a time
    filled[:number] = samples
    hann = ((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)) / FULL_SCALE).astype(np.float32)
    power = np.empty((len(filled) // LANES, (fft // 2 + 1) * LANES), np.float32)
    _transform(filled.ravel(), size, hann, *_twiddles(fft // 2), np.zeros((4, fft // 2 * LANES), np.float32), power)
    by_window = power.reshape(-1, fft // 2 + 1, LANES).swapaxes(1, 2).reshape(-1, fft // 2 + 1)
    return np.sqrt(by_window[:number].astype(np.float64)), np.fft.rfftfreq(fft, 1 / RATE)


@nb.njit(cache=True, nogil=True)
def _transform(samples, hop, window, twiddle, unpack, work, power):
    """The power of LANES windows at a time, `hop` samples apart, to a row of `power` each: see kernels.log_mel."""
    for row in range(len(power)):
        xr, xi, yr, yi = work[0], work[1], work[2], work[3]
        kernels.load_frames(samples, row * LANES * hop, hop, window, xr, xi)
        size, stride, at = work.shape[1] // LANES, 1, 0
        while size >= 4:
            kernels.radix4_pass(xr, xi, yr, yi, size, stride, twiddle[at:])
            xr, xi, yr, yi = yr, yi, xr, xi
            at, size, stride = at + size // 4, size // 4, stride * 4
        if size == 2:
            kernels.radix2_pass(xr, xi, yr, yi, stride)
            xr, xi, yr, yi = yr, yi, xr, xi
        kernels.unpack_power(xr, xi, unpack, power[row])
