"""`train`: fit the network to the prepared windows, epoch by epoch; the average of its weights is what is kept."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import keras
import msgspec
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from models import UnusableError
from training.average import Average
from training.dev import dev_table
from training.losses import masked_loss
from training.masks import disturb
from training.memory import KeepMemory
from training.network import build_network
from training.shards import FEATURES, FRAMES, Shard, read_shards, shard_paths

BATCH = 128
START = Path(__file__).with_name("start.keras")  # trained on simpler windows: what it knows of voices is kept
PEAK_RATE = {"start": 1e-3, "nothing": 2e-3}
WEIGHT_DECAY = 0.03
_WEIGHTS = "voice.keras"


def train(work: Path, *, epochs: int, seed: int, start: Path | None = START) -> None:
    """Train in `work`; writes voice.keras and a line of dev.jsonl each epoch. Resumes after the last whole one.

    The network in the file `start` goes on to learn; None: one that knows nothing.
    """
    keras.utils.set_random_seed(seed)
    dev, shard = read_prepared(work, "dev"), read_prepared(work, "train")
    steps = len(shard.targets) // BATCH
    network = load_network(start) if start else build_network(FRAMES, FEATURES.bands)
    peak = PEAK_RATE["start" if start else "nothing"]
    rate = keras.optimizers.schedules.CosineDecay(
        peak / 20, epochs * steps, alpha=0.01, warmup_target=peak, warmup_steps=steps // 2
    )
    network.compile(keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY, clipnorm=1.0), masked_loss)
    resume = work / "resume"
    average = Average(work / "average.npz", resume=resume.exists(), start=network.get_weights() if start else None)
    print(f"{network.count_params()} parameters, {steps} steps an epoch", flush=True)
    network.fit(
        _batches(shard, seed),
        epochs=epochs,
        steps_per_epoch=steps,
        verbose=2,
        callbacks=[KeepMemory(), keras.callbacks.BackupAndRestore(str(resume)), average, _Keep(dev, work, average)],
    )


def read_prepared(work: Path, name: str) -> Shard:
    """The prepared windows called `name`."""
    paths = shard_paths(work / "shards", name)
    if not paths:
        raise UnusableError(f"no {name} windows in {work}: run `python -m training prepare` first")
    return read_shards(paths)


def read_network(work: Path) -> keras.Model:
    """The trained network."""
    if not (work / _WEIGHTS).exists():
        raise UnusableError(f"no {_WEIGHTS} in {work}: run `python -m training train` first")
    return load_network(work / _WEIGHTS)


def load_network(path: Path) -> keras.Model:
    """The network in the `.keras` file at `path`."""
    try:
        return keras.saving.load_model(path)
    except (OSError, ValueError) as error:
        raise UnusableError(
            f"{path} is no network: {error}; --start is a .keras file such as training writes"
        ) from error


def predict(network: keras.Model, log_mel: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Logits float32[n, 3] of log-mel [n, frames, bands]."""
    return np.asarray(network.predict(log_mel.astype(np.float32), batch_size=256, verbose=0))


def _batches(shard: Shard, seed: int) -> tf.data.Dataset:
    """Endless shuffled batches, disturbed."""

    def orders() -> Iterator[tuple[npt.NDArray[np.float16], npt.NDArray[np.int8]]]:
        rng = np.random.default_rng(seed)
        while True:
            order = rng.permutation(len(shard.targets))
            for at in range(0, len(order) - BATCH + 1, BATCH):
                chosen = np.sort(order[at : at + BATCH])
                yield shard.log_mel[chosen], shard.targets[chosen]

    signature = (
        tf.TensorSpec((BATCH, FRAMES, FEATURES.bands), tf.float16),
        tf.TensorSpec((BATCH, 3), tf.int8),
    )
    batches = tf.data.Dataset.from_generator(orders, output_signature=signature)
    return batches.map(lambda x, y: (disturb(tf.cast(x, tf.float32)), y)).prefetch(2)


class _Keep(keras.callbacks.Callback):
    """After each epoch: the averaged network to voice.keras, what it is worth on dev to dev.jsonl."""

    def __init__(self, dev: Shard, work: Path, average: Average) -> None:
        super().__init__()
        self._dev, self._work, self._average = dev, work, average

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        former = self._average.put_into(self.model)
        self.model.save(self._work / _WEIGHTS)
        table = dev_table(self._dev, predict(self.model, self._dev.log_mel))
        self.model.set_weights(former)
        line = {"epoch": epoch, "loss": float((logs or {})["loss"]), "score": table.score, **asdict(table)}
        with (self._work / "dev.jsonl").open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
        print(f"epoch {epoch}: score {table.score:.4f} {line}", flush=True)
