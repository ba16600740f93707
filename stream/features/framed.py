"""A row for each frame of overlapping windows: the strict face of the kernels, and the rows they have computed."""

from abc import ABC, abstractmethod

import numpy as np

from models.spec import FramedSpec
from stream.features.lanes import LANES
from stream.records import Features, Samples

_SAMPLE = np.dtype(np.int16)
KEPT_WINDOWS = 2  # rows are appended through this many windows' length before they are moved back


class Framed(ABC):
    """Features of one stream's windows, computing only frames that the window before did not have.

    Frame i covers samples[i * hop : i * hop + frame] of the window, so a window that starts a whole
    number of hops after another shares frames with it. The values do not depend on how they were come by.
    One instance serves one stream and one thread.
    """

    def __init__(self, spec: FramedSpec, window: int) -> None:
        self._hop = spec.hop
        self._window = window
        self.frames, columns = spec.shape(window)
        self._rows = np.zeros((KEPT_WINDOWS * self.frames, columns), np.float32)
        self._end = 0  # rows[_end - frames:_end] are the last window's; 0: there is none
        self._padded = np.zeros((LANES - 1) * spec.hop + spec.frame, np.int16) if self.frames < LANES else None

    def __call__(self, samples: Samples, fresh: int | None = None) -> Features:
        """The features of `samples` (int16[window]): float32[rows, columns], valid until the next call.

        `fresh` says how many samples at the end the window before (the last call's) did not have; None:
        all of them. Where it is no whole number of hops, every frame is computed.
        """
        check_window(samples, self._window)
        hops, rest = divmod(self._window if fresh is None else fresh, self._hop)
        new = self.frames if rest or not self._end else min(hops, self.frames)
        if new == self.frames or self._end + new > len(self._rows):
            known = self._rows[self._end - self.frames + new : self._end]
            self._rows[: len(known)] = known
            self._end = len(known)
        samples = np.ascontiguousarray(samples)
        if self._padded is not None:  # kernels take LANES frames at once
            self._padded[: self._window] = samples
            samples = self._padded
        begin, self._end = self._end, self._end + new
        self._compute(samples, self._rows[begin : self._end])
        return self._rows[self._end - self.frames : self._end]

    @abstractmethod
    def _compute(self, samples: Samples, out: Features) -> None:
        """Write a row of `out` for each of the last frames; `samples` suffice for LANES."""


def check_window(samples: Samples, window: int) -> None:
    """Raise ValueError unless `samples` are int16[window]."""
    if samples.dtype != _SAMPLE or samples.shape != (window,):
        raise ValueError(f"window is {samples.dtype}{list(samples.shape)}: expected int16[{window}]")
