"""Log-mel: the power in each mel band, in dB."""

from models.spec import LogMelSpec, MelSpec
from stream.features import kernels
from stream.features.fft import plan_fft
from stream.features.framed import Framed
from stream.features.lanes import LANES, aligned_zeros
from stream.features.mel import mel_weights, sparse_bands
from stream.records import Features, Samples


class MelBank:
    """The log-mel kernel and its memory."""

    def __init__(self, spec: MelSpec, sample_rate: int) -> None:
        self._hop, self._floor = spec.hop, spec.floor
        self._plan = plan_fft(spec.frame, spec.fft)
        self._bands = sparse_bands(
            mel_weights(sample_rate=sample_rate, fft=spec.fft, bands=spec.bands, f_min=spec.f_min, f_max=spec.f_max)
        )
        self._mel = aligned_zeros(spec.bands * LANES)

    def compute(self, samples: Samples, out: Features) -> None:
        """Write a row of `out` (float32[n, bands]) for each frame; `samples` as `Framed` gives them."""
        plan, bands = self._plan, self._bands
        kernels.log_mel(
            samples, self._hop, len(out), plan.hann, plan.twiddle, plan.unpack,
            bands.first, bands.last, bands.offset, bands.weight, self._floor, plan.work, plan.power, self._mel, out,
        )  # fmt: skip


class LogMel(Framed):
    """Log-mel of one stream's windows: float32[frames, bands] in dB."""

    def __init__(self, spec: LogMelSpec, *, sample_rate: int, window: int) -> None:
        super().__init__(spec, window)
        self._bank = MelBank(spec, sample_rate)

    def _compute(self, samples: Samples, out: Features) -> None:
        self._bank.compute(samples, out)
