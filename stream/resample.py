"""Any sample rate to the pipeline's, once per hop: soxr's streaming resampler, gaps kept in place."""

import math
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import soxr

from stream.records import FULL_SCALE, SAMPLE_RATE, AudioBlock, Gap, Samples

_QUALITY = "HQ"
_TRIED = 5  # blocks
_TOLERANCE = 0.01  # blocks: they are a sample more or less where the rates are no whole multiples


def to_int16(samples: npt.NDArray[np.float32]) -> Samples:
    """Samples of ±1 as int16: rounded to the nearest, clipped at full scale."""
    scaled: npt.NDArray[np.float32] = samples * np.float32(FULL_SCALE)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -32768, 32767, out=scaled)
    return scaled.astype(np.int16)


def _fresh(rate: int) -> soxr.ResampleStream:
    return soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality=_QUALITY)


@cache
def _blocks(rate: int) -> tuple[int, float, float]:
    """Samples in until the first block comes out; samples in and out from block to block, on average. By trial."""
    resampler, ends, given = _fresh(rate), list[tuple[int, int]](), 0
    grain = np.zeros(-(-rate // SAMPLE_RATE), np.float32)
    while len(ends) < _TRIED:
        samples = resampler.resample_chunk(grain)
        given += grain.size
        if samples.size:
            ends.append((given, samples.size))
    out = sum(size for _, size in ends[1:]) / (_TRIED - 1)
    return ends[0][0], out * rate / SAMPLE_RATE, out


class Resampler:
    """Pieces of one stream at `rate` Hz, in order, to pieces at 16 kHz.

    The output does not depend on how the input was cut. soxr looks ahead: output comes up to 0.12 s
    (at 8 kHz; 0.04 s at 48 kHz) after the input it stands for. At 16 kHz everything passes unchanged.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._bite = rate // 8  # samples: soxr keeps room for the largest it was ever given, some 30 bytes for each
        self._begin(0)

    def push(self, piece: AudioBlock | Gap) -> Iterable[AudioBlock | Gap]:
        """The pieces that `piece` makes available."""
        return (piece,) if self._rate == SAMPLE_RATE else self._resampled(piece)

    def _resampled(self, piece: AudioBlock | Gap) -> Iterator[AudioBlock | Gap]:
        if isinstance(piece, AudioBlock):
            samples = piece.samples.astype(np.float32)
            samples /= FULL_SCALE
            self._taken += samples.size
            bites = [samples[at : at + self._bite] for at in range(0, samples.size, self._bite)]
            yield from self._out(np.concatenate([self._soxr.resample_chunk(bite) for bite in bites]))
        else:
            yield from self.finish(stop=self._scaled(piece.start))
            end = max(self._scaled(piece.end), self._position + 1)  # a loss is never rounded away
            yield Gap(self._position, end - self._position, piece.cause, piece.estimated)
            self._begin(end)

    def finish(self, stop: int | None = None) -> Iterator[AudioBlock]:
        """What is still inside, up to the position `stop`."""
        if self._rate != SAMPLE_RATE:
            rest = self._soxr.resample_chunk(np.zeros(0, np.float32), last=True)
            yield from self._out(rest if stop is None else rest[: max(stop - self._position, 0)])

    def needed(self, wanted: int) -> int:
        """About how many samples must come in until `wanted` (at least 1) more come out.

        soxr gives its output in blocks: asking for less would only wake everybody for nothing.
        """
        if self._rate == SAMPLE_RATE:
            return wanted
        first, step_in, step_out = _blocks(self._rate)
        blocks = math.ceil((self._position - self._origin + wanted) / step_out - _TOLERANCE)
        return max(math.ceil(first + (blocks - 1) * step_in) - self._taken, 1)

    def _begin(self, position: int) -> None:
        """Go on afresh at `position` (of samples out)."""
        self._origin = self._position = position
        self._taken = 0  # samples in, since
        self._soxr = _fresh(self._rate)

    def _scaled(self, position: int) -> int:
        return -(-position * SAMPLE_RATE // self._rate)  # rounded up

    def _out(self, samples: npt.NDArray[np.float32]) -> Iterator[AudioBlock]:
        if samples.size:
            yield AudioBlock(self._position, to_int16(samples))
            self._position += samples.size
