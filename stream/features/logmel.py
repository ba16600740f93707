"""Log-mel of overlapping windows: the strict face of the kernels, and their memory."""

import numpy as np
import numpy.typing as npt

from models.spec import LogMelSpec
from stream.features import kernels
from stream.features.lanes import LANES
from stream.features.mel import mel_weights, sparse_bands

FULL_SCALE = 32768.0  # of int16
KEPT_WINDOWS = 2  # rows are appended through this many windows' length before they are moved back


class LogMel:
    """Log-mel of one stream's windows, computing only frames that the window before did not have.

    Frame i covers samples[i * hop : i * hop + frame] of the window, so a window that starts a whole
    number of hops after another shares frames with it. The values do not depend on how they were come by.
    One instance serves one stream and one thread.
    """

    def __init__(self, spec: LogMelSpec, *, sample_rate: int, window: int) -> None:
        self._spec = spec
        self._window = window
        self.frames = 1 + (window - spec.frame) // spec.hop
        self._rows = np.zeros((KEPT_WINDOWS * self.frames, spec.bands), np.float32)
        self._end = 0  # rows[_end - frames:_end] are the last window's; 0: there is none
        self._samples = np.zeros(window + (LANES - 1) * spec.hop + spec.frame, np.int16)
        self._hann = _hann(spec.frame)
        self._twiddle, self._unpack = _twiddles(spec.fft // 2)
        self._bands = sparse_bands(
            mel_weights(sample_rate=sample_rate, fft=spec.fft, bands=spec.bands, f_min=spec.f_min, f_max=spec.f_max)
        )
        self._work = np.zeros((4, spec.fft // 2 * LANES), np.float32)
        self._power = np.zeros((spec.fft // 2 + 1) * LANES, np.float32)
        self._mel = np.zeros(spec.bands * LANES, np.float32)

    def __call__(self, samples: npt.NDArray[np.int16], fresh: int | None = None) -> npt.NDArray[np.float32]:
        """The log-mel of `samples` (int16[window]): float32[frames, bands] in dB, valid until the next call.

        `fresh` says how many samples at the end the window before (the last call's) did not have; None:
        all of them. Where it is no whole number of hops, every frame is computed.
        """
        if samples.dtype != np.int16 or samples.shape != (self._window,):
            raise ValueError(f"window is {samples.dtype}{list(samples.shape)}: expected int16[{self._window}]")
        hops, rest = divmod(self._window if fresh is None else fresh, self._spec.hop)
        new = self.frames if rest or not self._end else min(hops, self.frames)
        if new == self.frames or self._end + new > len(self._rows):
            known = self._rows[self._end - self.frames + new : self._end]
            self._rows[: len(known)] = known
            self._end = len(known)
        self._compute(samples[(self.frames - new) * self._spec.hop :], self._rows[self._end : self._end + new])
        self._end += new
        return self._rows[self._end - self.frames : self._end]

    def _compute(self, samples: npt.NDArray[np.int16], out: npt.NDArray[np.float32]) -> None:
        self._samples[: samples.size] = samples  # the kernel reads past the end, to fill its lanes
        bands = self._bands
        kernels.log_mel(
            self._samples, 0, self._spec.hop, len(out), self._hann, self._twiddle, self._unpack,
            bands.first, bands.last, bands.offset, bands.weight, self._spec.floor,
            self._work, self._power, self._mel, out,
        )  # fmt: skip


def _hann(size: int) -> npt.NDArray[np.float32]:
    """The periodic Hann window, with the scale from int16 to ±1 folded in: float32[size]."""
    return ((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)) / FULL_SCALE).astype(np.float32)


def _twiddles(points: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Factors of the radix-4 passes of `points`, one pass after the other, and of `unpack_power`."""
    passes, size = [], points
    while size >= 4:
        angle = -2 * np.pi / size * np.outer(np.arange(size // 4), (1, 2, 3))
        passes.append(np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(-1, 6))
        size //= 4
    angle = -np.pi * np.arange(points) / points
    unpack = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.concatenate(passes).astype(np.float32), unpack.astype(np.float32)
