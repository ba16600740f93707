"""Overlapping windows on the grid of the hop; none touches a gap."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from stream.records import SAMPLE_RATE, AudioBlock, Gap, Window

GRID = SAMPLE_RATE // 100
"""Samples: a hop is a whole number of log-mel frames' hops, 10 ms, so that windows share frames."""


class WindowSettings(msgspec.Struct, frozen=True):
    """How densely a stream is decided on."""

    hop: Annotated[
        float, Meta(ge=0.1, le=2.0, description="seconds from the start of one window to the next, in steps of 0.01")
    ] = 0.5

    def __post_init__(self) -> None:
        if abs(self.hop * 100 - round(self.hop * 100)) > 1e-6:
            raise ValueError(f"--hop is {self.hop}: expected a multiple of 0.01, such as {round(self.hop, 2)}")

    @property
    def hop_samples(self) -> int:
        """The hop in samples, a whole number of grid steps."""
        return round(self.hop * 100) * GRID


class Windows:
    """Cuts one stream's pieces (16 kHz) into windows of `length` samples that start at multiples of `hop`."""

    def __init__(self, length: int, hop: int) -> None:
        self._length = length
        self._hop = hop
        self._buffer = np.zeros(2 * length, np.int16)  # through which windows move; at its end they are moved back
        self._at = 0  # in the buffer, of the next window
        self._start = 0  # of the next window
        self._filled = 0  # samples of it that are there
        self._known_to = 0  # end of the last window: what comes after is fresh
        self._count = 0
        self._gap = 0  # lost since the last window
        self._lost = 0  # lost since the beginning

    @property
    def missing(self) -> int:
        """Samples until the next window is full, if none are lost."""
        return self._length - self._filled

    def cut(self, piece: AudioBlock | Gap) -> Iterator[Window]:
        """The windows that `piece` completes. Each is valid until the next is asked for."""
        if isinstance(piece, Gap):
            self._gap += piece.length
            self._lost += piece.length
            self._start = max(self._start, -(-piece.end // self._hop) * self._hop)
            self._filled = 0
            return
        samples = piece.samples[max(self._start + self._filled - piece.start, 0) :]  # before the grid: in no window
        while samples.size:
            end = self._at + self._filled
            taken = samples[: self.missing]
            self._buffer[end : end + taken.size] = taken
            self._filled += taken.size
            samples = samples[taken.size :]
            if self._filled == self._length:
                yield self._window(padded=0)
                samples = samples[max(self._hop - self._length, 0) :]  # between windows that do not overlap
                self._move_on()

    def finish(self) -> Iterator[Window]:
        """One padded window where the stream has ended before its first was full."""
        if not self._count and self._filled:
            self._buffer[self._filled : self._length] = 0
            yield self._window(padded=self.missing)

    def _move_on(self) -> None:
        """To the next window, of which this one has what it shares with it."""
        self._start += self._hop
        self._filled = max(self._length - self._hop, 0)
        self._at += self._hop
        if self._at > self._length:  # no room for a whole one
            self._buffer[: self._filled] = self._buffer[self._at : self._at + self._filled]
            self._at = 0

    def _window(self, padded: int) -> Window:
        end = self._start + self._length
        fresh = min(self._length, end - self._known_to)
        samples = self._buffer[self._at : self._at + self._length]
        window = Window(self._start, samples, fresh, padded, self._gap, self._lost)
        self._known_to, self._gap = end, 0
        self._count += 1
        return window
