"""Log spectrogram: the power of every FFT bin, in dB."""

from models.spec import SpectrogramSpec
from stream.features import kernels
from stream.features.fft import plan_fft
from stream.features.framed import Framed
from stream.records import Features, Samples


class Spectrogram(Framed):
    """Log spectrogram of one stream's windows: float32[frames, fft // 2 + 1] in dB."""

    def __init__(self, spec: SpectrogramSpec, *, window: int) -> None:
        super().__init__(spec, window)
        self._floor = spec.floor
        self._plan = plan_fft(spec.frame, spec.fft)

    def _compute(self, samples: Samples, out: Features) -> None:
        plan, room = self._plan, self._plan.room
        kernels.log_power(
            samples, self._hop, self.frames - len(out), self.frames, plan.hann, plan.twiddle, plan.place, plan.unpack,
            self._floor, room.work, room.power, out,
        )  # fmt: skip
