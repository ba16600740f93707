"""Training: where it starts, what it leaves behind, and that it goes on where it stopped."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow: pip install '.[train]'")

from models import UnusableError  # after the skip
from training.losses import voice_loss
from training.network import Statistics, with_voice
from training.shards import FEATURES, FRAMES
from training.train import BATCH, START, load_network, predict, read_network, told_apart, train


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder with two batches of noise to learn from, and one to choose by."""
    rng = np.random.default_rng(1)
    (tmp_path / "shards").mkdir()
    for name, windows in (("train-000", 2 * BATCH), ("dev-000", 32)):
        log_mel = rng.normal(-50, 10, (windows, FRAMES, FEATURES.bands)).astype(np.float16)
        kinds = rng.integers(2, size=windows)
        targets = np.stack([np.ones(windows), np.ones(windows), kinds], axis=1).astype(np.int8)
        origin = np.array([("clean", "c", str(i % 7), ("male", "female")[kind]) for i, kind in enumerate(kinds)])
        np.save(tmp_path / "shards" / f"{name}.npy", log_mel)
        np.save(tmp_path / "shards" / f"{name}.targets.npy", targets)
        np.save(tmp_path / "shards" / f"{name}.origin.npy", origin)
        np.save(tmp_path / "shards" / f"{name}.voices.npy", rng.random((windows, 8)).astype(np.float16))
    return tmp_path


def test_training_goes_on_from_what_a_network_knows(work: Path) -> None:
    """After two steps from a network the answers are still near that network's; from nothing they are others."""
    windows = np.load(work / "shards" / "dev-000.npy")
    known = predict(load_network(START), windows)
    train(work, epochs=1, seed=1)
    near = np.abs(predict(read_network(work), windows) - known).mean()
    train(work, epochs=1, seed=1, start=None)
    far = np.abs(predict(read_network(work), windows) - known).mean()
    assert near < far / 2
    assert len((work / "dev.jsonl").read_text().splitlines()) == 2


def test_what_is_no_network_is_refused(work: Path) -> None:
    """A file that Keras cannot read is named in one line."""
    (work / "no.keras").write_bytes(b"no")
    with pytest.raises(UnusableError, match=r"no\.keras"):
        train(work, epochs=1, seed=1, start=work / "no.keras")
    with pytest.raises(UnusableError, match="run `python -m training train` first"):
        read_network(work)


def test_the_voice_is_learnt_by_the_same_layers_and_does_not_ship() -> None:
    """To tell voices is an output more of the same network, whose answers it leaves as they are."""
    network = load_network(START)
    windows = np.random.default_rng(2).normal(-50, 10, (4, FRAMES, FEATURES.bands)).astype(np.float32)
    known, pupil = predict(network, windows), with_voice(network, 8)
    answers, voices = pupil.predict(windows, verbose=0)
    assert np.array_equal(answers, known)
    assert voices.shape == (4, 8)
    assert {id(weight) for weight in network.weights} < {id(weight) for weight in pupil.weights}
    assert any(isinstance(layer, Statistics) for layer in network.layers)


def test_a_voice_is_a_direction() -> None:
    """The loss is the angle, whatever the length; nothing is lost on voices that nobody knows."""
    rng = np.random.default_rng(3)
    voices = told_apart(np.abs(rng.normal(size=(6, 8))).astype(np.float16))
    assert float(voice_loss(voices, 7.0 * voices)) == pytest.approx(0.0, abs=1e-6)
    assert float(voice_loss(voices, -voices)) == pytest.approx(2.0, abs=1e-6)
    other = np.concatenate([voices, np.zeros((2, 8), np.float32)])
    guesses = np.concatenate([-voices, np.ones((2, 8), np.float32)])
    assert float(voice_loss(other, guesses)) == pytest.approx(2.0, abs=1e-6)


def test_what_all_voices_share_tells_nobody_apart() -> None:
    """Whatever is added to every voice changes nothing; an unknown voice stays unknown."""
    rng = np.random.default_rng(4)
    voices = rng.random((5, 8)).astype(np.float32)
    voices[2] = 0.0
    known = voices.any(axis=1)
    shifted = voices + 0.25 * known[:, None].astype(np.float32)
    apart = told_apart(voices)
    assert told_apart(shifted) == pytest.approx(apart, abs=1e-5)
    assert np.linalg.norm(apart, axis=1) == pytest.approx(known.astype(float), abs=1e-5)
