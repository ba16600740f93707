"""Log-mel: the power in each mel band, in dB."""

from functools import cache

from models.spec import LogMelSpec, MelSpec
from stream.features import kernels
from stream.features.fft import plan_fft
from stream.features.framed import Framed
from stream.features.lanes import LANES, aligned_zeros
from stream.features.mel import SparseBands, sparse_bands
from stream.records import Features, Samples


class MelBank:
    """The log-mel kernel and its memory."""

    def __init__(self, spec: MelSpec, sample_rate: int) -> None:
        self._hop, self._floor = spec.hop, spec.floor
        self._plan = plan_fft(spec.frame, spec.fft)
        self._bands = _bands(spec.fft, spec.bands, spec.f_min, spec.f_max, sample_rate)
        self._mel = aligned_zeros(spec.bands * LANES)

    def compute(self, samples: Samples, frames: int, out: Features) -> None:
        """Write a row of `out` (float32[n, bands]) for each of the last n of so many frames of `samples`."""
        plan, bands, room = self._plan, self._bands, self._plan.room
        kernels.log_mel(
            samples, self._hop, frames - len(out), frames, plan.hann, plan.twiddle, plan.place, plan.unpack,
            bands.edge, bands.rising, bands.falling, self._floor, room.work, room.power, self._mel, out,
        )  # fmt: skip


@cache
def _bands(fft: int, bands: int, f_min: float, f_max: float, sample_rate: int) -> SparseBands:
    """One for all streams."""
    return sparse_bands(sample_rate=sample_rate, fft=fft, bands=bands, f_min=f_min, f_max=f_max)


class LogMel(Framed):
    """Log-mel of one stream's windows: float32[frames, bands] in dB."""

    def __init__(self, spec: LogMelSpec, *, sample_rate: int, window: int) -> None:
        super().__init__(spec, window)
        self._bank = MelBank(spec, sample_rate)

    def _compute(self, samples: Samples, out: Features) -> None:
        self._bank.compute(samples, self.frames, out)
