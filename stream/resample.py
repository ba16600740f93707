"""Any sample rate to the pipeline's, once per hop: soxr's streaming resampler, gaps kept in place."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import soxr

from stream.records import FULL_SCALE, SAMPLE_RATE, AudioBlock, Gap, Samples

_QUALITY = "HQ"


def to_int16(samples: npt.NDArray[np.float32]) -> Samples:
    """Samples of ±1 as int16: rounded to the nearest, clipped at full scale."""
    scaled: npt.NDArray[np.float32] = np.clip(np.rint(samples * FULL_SCALE), -32768, 32767)
    return scaled.astype(np.int16)


class Resampler:
    """Pieces of one stream at `rate` Hz, in order, to pieces at 16 kHz.

    The output does not depend on how the input was cut. soxr looks ahead: output comes up to 0.12 s
    (at 8 kHz; 0.04 s at 48 kHz) after the input it stands for. At 16 kHz everything passes unchanged.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._bite = rate // 8  # samples: soxr keeps room for the largest it was ever given, some 30 bytes for each
        self._position = 0  # of the next sample out
        self._soxr = self._fresh()

    def push(self, piece: AudioBlock | Gap) -> Iterator[AudioBlock | Gap]:
        """The pieces that `piece` makes available."""
        if self._rate == SAMPLE_RATE:
            yield piece
        elif isinstance(piece, AudioBlock):
            for at in range(0, piece.samples.size, self._bite):
                samples = piece.samples[at : at + self._bite].astype(np.float32) / FULL_SCALE
                yield from self._out(self._soxr.resample_chunk(samples))
        else:
            yield from self.finish(stop=self._scaled(piece.start))
            end = max(self._scaled(piece.end), self._position + 1)  # a loss is never rounded away
            yield Gap(self._position, end - self._position, piece.cause, piece.estimated)
            self._position = end
            self._soxr = self._fresh()

    def finish(self, stop: int | None = None) -> Iterator[AudioBlock]:
        """What is still inside, up to the position `stop`."""
        if self._rate != SAMPLE_RATE:
            rest = self._soxr.resample_chunk(np.zeros(0, np.float32), last=True)
            yield from self._out(rest if stop is None else rest[: max(stop - self._position, 0)])

    def _fresh(self) -> soxr.ResampleStream:
        return soxr.ResampleStream(self._rate, SAMPLE_RATE, 1, dtype="float32", quality=_QUALITY)

    def _scaled(self, position: int) -> int:
        return -(-position * SAMPLE_RATE // self._rate)  # rounded up

    def _out(self, samples: npt.NDArray[np.float32]) -> Iterator[AudioBlock]:
        if samples.size:
            yield AudioBlock(self._position, to_int16(samples))
            self._position += samples.size
