"""A row for each frame of overlapping windows: the strict face of the kernels, and the rows they have computed."""

import threading
from abc import ABC, abstractmethod
from functools import cache

import numpy as np

from models.spec import FramedSpec
from stream.features.lanes import LANES
from stream.records import Features, Samples

KEPT_WINDOWS = 2  # rows are appended through this many windows' length before they are moved back


class _Room(threading.local):
    """Where one thread's streams put samples in turn: memory that stays in the cache."""

    def __init__(self, size: int) -> None:
        self.samples = np.zeros(size, np.int16)


_room = cache(_Room)


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
        self._room = _room(window + (LANES - 1) * spec.hop + spec.frame)

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
        unseen = samples[(self.frames - new) * self._hop :]
        room = self._room.samples
        room[: unseen.size] = unseen  # kernels read past the end, to fill their lanes
        self._compute(room, self._rows[self._end : self._end + new])
        self._end += new
        return self._rows[self._end - self.frames : self._end]

    @abstractmethod
    def _compute(self, samples: Samples, out: Features) -> None:
        """Write a row of `out` for each frame from the first sample on; `samples` suffice for batches of LANES."""


def check_window(samples: Samples, window: int) -> None:
    """Raise ValueError unless `samples` are int16[window]."""
    if samples.dtype != np.int16 or samples.shape != (window,):
        raise ValueError(f"window is {samples.dtype}{list(samples.shape)}: expected int16[{window}]")
