"""A running average of the weights over the steps of training: what ships, rather than the last step's.

Where training goes on from a network, a share of that one's weights is kept in it: what a network learns last it
learns best for the data at hand, and the mean of both is right more often elsewhere (Wortsman and others, Robust
fine-tuning of zero-shot models, 2022).
"""

from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

START_SHARE = 0.3  # best of 0, 0.3, 0.5 and 1 on dev
_WARMUP = 10.0  # steps; the first weights are forgotten fast

Weights = list[npt.NDArray[np.float32]]


class Average(keras.callbacks.Callback):
    """Averages all weights, the batch normalisations' statistics with them; kept in a file at each epoch's end.

    `momentum` is kept of it at each step: at 0.998 it remembers about 500. Without `resume` a file of an earlier
    training is not read. `start_share` of what `put_into` gives are the weights `start`.
    """

    def __init__(
        self, path: Path, *, momentum: float = 0.998, resume: bool, start: Weights | None = None,
        start_share: float = START_SHARE,
    ) -> None:  # fmt: skip
        super().__init__()
        self._path, self._momentum, self._resume = path, momentum, resume
        self._start, self._start_share = start, start_share if start else 0.0
        self._steps, self._mean = 0, []  # type: int, Weights

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Start from where a former run stopped, else from the weights as they are."""
        self._mean = self.model.get_weights()
        if self._resume and self._path.exists():
            with np.load(self._path) as saved:
                self._steps = int(saved["steps"])
                self._mean = [saved[str(number)] for number in range(len(self._mean))]

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Move the average towards the weights of this step."""
        self._steps += 1
        share = 1.0 - min(self._momentum, (1.0 + self._steps) / (_WARMUP + self._steps))
        for number, weight in enumerate(self.model.weights):
            self._mean[number] += np.float32(share) * (weight.numpy() - self._mean[number])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the average."""
        np.savez(self._path, steps=self._steps, **{str(number): mean for number, mean in enumerate(self._mean)})

    def put_into(self, network: keras.Model) -> Weights:
        """Give `network` the averaged weights, with the start's share; returns those it had."""
        former: Weights = network.get_weights()
        share = np.float32(self._start_share)
        start = self._start or self._mean
        network.set_weights([mean + share * (first - mean) for mean, first in zip(self._mean, start, strict=True)])
        return former
