"""Memory that training frees and needs again."""

import ctypes
import sys

import keras

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's numbers: mallopt(3)
_KEPT, _LARGEST = 1 << 30, 32 << 20  # bytes: of freed memory in all; of one block, as much as glibc allows


class KeepMemory(keras.callbacks.Callback):
    """Has glibc keep what is freed for the next batch, as it does by itself.

    TensorFlow 2.21 tells it, once a dataset from a generator begins, to give back all above 128 kB at once; to get it
    again took two fifths of the time. What other systems do is not touched.
    """

    def __init__(self) -> None:
        super().__init__()
        self._libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Say so again: each iterator of the dataset undoes it."""
        if self._libc and hasattr(self._libc, "mallopt"):  # musl has none
            self._libc.mallopt(_TRIM_THRESHOLD, _KEPT)
            self._libc.mallopt(_MMAP_THRESHOLD, _LARGEST)
