"""From windows to a model folder, on synthetic data: the masked loss, training, export, acceptance."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs TensorFlow: pip install '.[train]'")
pytest.importorskip("tensorflow", reason="training needs TensorFlow: pip install '.[train]'")

from models import GenderstreamError, load_model
from models.spec import TrainingRecord
from stream.features import LogMel
from training.audio import RATE, WINDOW, to_int16
from training.calibrate import calibrate, read_calibration
from training.dev import dev_table
from training.examples import NO_LOSS
from training.export import accept, convert, write_folder
from training.lite import Lite
from training.losses import SMOOTHING, WEIGHTS, masked_loss
from training.network import build_network
from training.shards import FEATURES, FRAMES, Example, read_shards, write_shard
from training.train import predict, read_network, read_prepared, train

TRAINED = 768  # windows
RECORD = TrainingRecord(commit="0" * 40, data_digest="0" * 64, recipe="test")


def _example(rng: np.random.Generator, kind: int) -> Example:
    """A buzz with the formant of a woman (0), a man (1) or a child (2), or noise (3)."""
    t, n = np.arange(WINDOW) / RATE, WINDOW
    pitch, formant = ((210, 2800), (110, 1500), (300, 4200), (0, 0))[kind]
    sound = rng.standard_normal(n) * 0.02
    if kind < 3:
        hz = pitch * rng.uniform(0.9, 1.1)
        partials = np.arange(1, int(7000 / hz))
        gains = np.exp(-(((partials * hz - formant) / 900) ** 2)) + 1.0 / partials
        sound += np.sum([g * np.sin(2 * np.pi * k * hz * t) for k, g in zip(partials, gains, strict=True)], axis=0) / 9
    targets = ((1, 1, 1), (1, 1, 0), (1, 0, NO_LOSS), (0, NO_LOSS, NO_LOSS))[kind]
    name = ("female", "male", "child", "noise")[kind]
    return Example(to_int16(sound * rng.uniform(0.1, 0.8)), targets, ("clean", "buzz", f"{name}-{n}", name))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with prepared windows and a network trained on them for a moment."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "shards").mkdir()
    rng = np.random.default_rng(0)
    for name, number in (("train", TRAINED), ("dev", 96)):
        write_shard(folder / "shards" / f"{name}-000.npy", (_example(rng, i % 4) for i in range(number)))
    train(folder, epochs=15, seed=1, start=None)
    return folder


def test_the_loss_is_that_of_known_answers_only() -> None:
    """Each output's loss is its mean over windows with an answer; what is not known has no gradient."""
    targets = np.array([[1, 1, NO_LOSS], [0, NO_LOSS, NO_LOSS], [1, 0, 1]], np.int8)
    logits = np.array([[2.0, -1.0, 9.0], [0.5, 7.0, -9.0], [-3.0, 1.0, 0.2]], np.float32)
    wanted = 0.0
    for column, weight in enumerate(WEIGHTS):
        known = targets[:, column] >= 0
        z, y = logits[known, column], np.clip(targets[known, column], SMOOTHING[column], 1 - SMOOTHING[column])
        wanted += weight * float(np.mean(np.log1p(np.exp(z)) - y * z)) / sum(WEIGHTS)
    assert float(masked_loss(targets, logits)) == pytest.approx(wanted, rel=1e-5)
    other = np.where(targets == NO_LOSS, logits + 5, logits)
    assert float(masked_loss(targets, other)) == pytest.approx(wanted, rel=1e-5)


def test_nothing_known_costs_nothing() -> None:
    """A batch without any answer has loss 0, not NaN."""
    assert float(masked_loss(np.full((4, 3), NO_LOSS, np.int8), np.ones((4, 3), np.float32))) == 0.0


def test_features_on_disk_are_the_kernels_own(work: Path) -> None:
    """A shard holds the stream's log-mel to float16, targets and origin row by row."""
    shard = read_shards([work / "shards" / "dev-000.npy"])
    rng = np.random.default_rng(0)
    for _ in range(TRAINED):
        _example(rng, _ % 4)
    log_mel = LogMel(FEATURES, sample_rate=RATE, window=WINDOW)
    wanted = log_mel(_example(rng, 0).samples)
    assert shard.log_mel.shape == (96, FRAMES, FEATURES.bands)
    assert np.abs(shard.log_mel[0] - wanted).max() < 0.04  # float16 up to 100 dB
    assert shard.targets[0].tolist() == [1, 1, 1]
    assert shard.origin[0, 3] == "female"


def test_level_does_not_matter() -> None:
    """A window some dB louder or quieter has the same logits."""
    network = build_network(FRAMES, FEATURES.bands)
    log_mel = np.random.default_rng(0).uniform(-60, -10, (2, FRAMES, FEATURES.bands)).astype(np.float32)
    assert predict(network, log_mel - 25) == pytest.approx(predict(network, log_mel), abs=1e-4)


def test_the_way_from_windows_to_a_folder(work: Path, tmp_path: Path) -> None:
    """Trained, calibrated, exported and loaded again: all four forms agree, and it has learnt the buzzes."""
    dev = read_prepared(work, "dev")
    network = read_network(work)
    calibrate(work)
    contents = convert(network, work / "saved_model", dev.log_mel[:64])
    accept(network, work / "saved_model", contents, dev.log_mel[:32])
    write_folder(tmp_path, contents, read_calibration(work), RECORD)
    model = load_model(tmp_path)
    assert load_model(tmp_path, "int8").content == contents["int8"]
    assert [output.meaning for output in model.spec.outputs] == ["speech", "decidable", "label"]
    assert model.spec.shape == (FRAMES, FEATURES.bands)
    table = dev_table(dev, Lite(model.content).batch(dev.log_mel))
    assert table.label["buzz clean"] > 0.9


def test_another_network_is_not_accepted(work: Path) -> None:
    """The acceptance check fails where a TFLite file is not the trained network's."""
    dev, network = read_prepared(work, "dev"), read_network(work)
    other = convert(build_network(FRAMES, FEATURES.bands), work / "other", dev.log_mel[:4])
    convert(network, work / "saved_model", dev.log_mel[:4])
    with pytest.raises(GenderstreamError, match="not the trained one"):
        accept(network, work / "saved_model", other, dev.log_mel[:8])
