"""Running a TFLite file the way the daemon does: one thread, one window at a time."""

import time

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from training.audio import Float32


class Lite:
    """A TFLite model from log-mel, or from several inputs in the order of their names, to logits."""

    def __init__(self, content: bytes) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        details = sorted(self._interpreter.get_input_details(), key=lambda each: each["name"])
        self._inputs = [each["index"] for each in details]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def __call__(self, *inputs: npt.NDArray[np.floating]) -> Float32:
        """Logits float32[outputs] of one window's inputs, such as its log-mel [frames, bands]."""
        for index, values in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, values[None].astype(np.float32))
        self._interpreter.invoke()
        return np.array(self._interpreter.get_tensor(self._output)[0])

    def batch(self, log_mel: npt.NDArray[np.floating]) -> Float32:
        """Logits float32[n, outputs] of log-mel [n, frames, bands]."""
        return np.array([self(window) for window in log_mel], np.float32)

    def milliseconds(self, *inputs: npt.NDArray[np.floating], rounds: int = 30) -> float:
        """Time of one window: the median over `rounds` of the mean of 20 runs."""
        self(*inputs)
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            for _ in range(20):
                self._interpreter.invoke()
            times.append((time.perf_counter() - start) / 20)
        return float(np.median(times) * 1e3)
