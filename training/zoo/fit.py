"""Training one recipe: the best epoch by validation is kept, and an interrupted training goes on."""

import time
from collections.abc import Sequence
from pathlib import Path

import keras
import msgspec
import numpy as np
import numpy.typing as npt

from models import UnusableError
from training.audio import Float32
from training.zoo.network import answers_by_softmax, build_network
from training.zoo.outcome import Epoch
from training.zoo.recipe import Recipe, Training

BEST = "best.keras"
_PROGRESS = "progress.json"

Target = npt.NDArray[np.int8]


class Progress(msgspec.Struct, frozen=True):
    """How far a training has come."""

    epochs: list[Epoch] = []
    seconds: float = 0.0
    done: bool = False

    @property
    def best(self) -> int:
        """The number of the epoch with the best validation accuracy, of equals the least loss; -1: none yet."""
        found = [(epoch.validation_accuracy, -epoch.validation_loss) for epoch in self.epochs]
        return found.index(max(found)) if found else -1


def fit(
    recipe: Recipe, train: tuple[Sequence[Float32], Target], validation: tuple[Sequence[Float32], Target], work: Path,
    *, seed: int = 1,
) -> tuple[keras.Model, Progress]:  # fmt: skip
    """Train on features float32[n, …] of each input and targets int8[n] (1: the first label); the best epoch's network.

    Leaves it as best.keras in `work`. Goes on after the last whole epoch of an earlier call.
    """
    work.mkdir(parents=True, exist_ok=True)
    if not read_progress(work).done:
        keras.utils.set_random_seed(seed)
        network = build_network(recipe, train[0])
        compile_network(network, recipe.training)
        network.fit(
            list(train[0]), expected(network, train[1]),
            validation_data=(list(validation[0]), expected(network, validation[1])),
            batch_size=recipe.training.batch, epochs=recipe.training.epochs, verbose=0,
            callbacks=[_Keep(work, recipe.training), keras.callbacks.BackupAndRestore(str(work / "resume"))],
        )  # fmt: skip
    return keras.saving.load_model(work / BEST), read_progress(work)


def compile_network(network: keras.Model, training: Training) -> None:
    """Give the network its optimiser, loss and metrics. Raises UnusableError for one that Keras does not know."""
    accuracy = "SparseCategoricalAccuracy" if answers_by_softmax(network) else "BinaryAccuracy"
    try:
        options = {"momentum": training.momentum} if training.momentum else {}
        optimizer = getattr(keras.optimizers, training.optimizer)(training.rate, **options)
        metrics = [getattr(keras.metrics, name)() for name in training.metrics]
        loss = keras.losses.get(training.loss)
    except (AttributeError, TypeError, ValueError) as error:
        raise UnusableError(f"Keras refuses the training settings: {str(error).splitlines()[0]}") from error
    network.compile(optimizer, loss, metrics=[getattr(keras.metrics, accuracy)(name="accuracy"), *metrics])


def expected(network: keras.Model, target: Target) -> Float32:
    """What the network should answer: of a softmax the label's number, else 1 for the first label."""
    return (1 - target if answers_by_softmax(network) else target[:, None]).astype(np.float32)


def read_progress(work: Path) -> Progress:
    """How far the training in `work` has come."""
    path = work / _PROGRESS
    return msgspec.json.decode(path.read_bytes(), type=Progress) if path.exists() else Progress()


class _Keep(keras.callbacks.Callback):
    """After each epoch: its figures to progress.json, its network to best.keras where none was better.

    All that it knows is in these two files, so that it stops where an uninterrupted training would.
    """

    def __init__(self, work: Path, training: Training) -> None:
        super().__init__()
        self._work, self._training = work, training
        self._progress, self._start = read_progress(work), 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look at the clock; an epoch that was not kept whole is done again."""
        self._progress = msgspec.structs.replace(self._progress, epochs=self._progress.epochs[:epoch])
        self._start = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keep; see the class."""
        found = Epoch(*(float((logs or {})[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")))
        epochs, seconds = [*self._progress.epochs, found], self._progress.seconds + time.monotonic() - self._start
        self._progress = Progress(epochs, seconds)
        self.model.stop_training = epoch - self._progress.best >= self._training.patience
        is_last = self.model.stop_training or epoch + 1 == self._training.epochs
        self._progress = msgspec.structs.replace(self._progress, done=is_last)
        if self._progress.best == epoch:
            self.model.save(self._work / BEST)
        partial = self._work / f"{_PROGRESS}.partial"
        partial.write_bytes(msgspec.json.encode(self._progress))
        partial.rename(self._work / _PROGRESS)  # last: an epoch in this file is whole
        print(f"{self._work.name}: epoch {epoch + 1}: {_said(found)}", flush=True)


def _said(epoch: Epoch) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in msgspec.structs.asdict(epoch).items())
