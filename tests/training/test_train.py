"""Training: where it starts, what it leaves behind, and that it goes on where it stopped."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow: pip install '.[train]'")

from models import UnusableError  # after the skip
from training.shards import FEATURES, FRAMES
from training.train import BATCH, START, load_network, predict, read_network, train


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
