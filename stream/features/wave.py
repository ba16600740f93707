"""Wave: the samples themselves."""

import numpy as np

from stream.features.framed import check_window
from stream.records import FULL_SCALE, Features, Samples


class Wave:
    """The samples of a window, scaled to ±1: float32[window, 1]."""

    def __init__(self, *, window: int) -> None:
        self._wave = np.zeros((window, 1), np.float32)
        self._scale = np.float32(1.0 / FULL_SCALE)  # a power of two: no sample is rounded

    def __call__(self, samples: Samples, fresh: int | None = None) -> Features:
        """`samples` (int16[window]) as float32[window, 1], valid until the next call.

        `fresh` is for kinds that compute something: moving what is known costs as much as scaling it anew.
        """
        check_window(samples, len(self._wave))
        self._wave[:, 0] = samples
        self._wave *= self._scale
        return self._wave
