"""The voice encoder: weights that are only numbers, voices that are directions, and who is who."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("librosa", reason="training needs librosa: pip install '.[train]'")
pytest.importorskip("tensorflow", reason="training needs TensorFlow: pip install '.[train]'")
pytest.importorskip("sklearn", reason="training needs scikit-learn: pip install '.[train]'")

from training.audio import RATE, WINDOW, read_audio, to_float  # after the skips
from training.corpora import Recording
from training.gate import FRAMES
from training.pool import Clip, Pool
from training.strangers import Regression
from training.voice_encoder import SIZE, encode, missing_encoder, read_weights

if os.environ.get("CI") != "true" and missing_encoder():
    pytest.skip(missing_encoder(), allow_module_level=True)


def test_a_file_of_weights_runs_nothing(tmp_path: Path) -> None:
    """What would call anything but tensors and dictionaries while it is read is refused."""
    content = [pickle.dumps(each, 2) for each in (1, 2, 3, {"model_state": tmp_path})]
    (tmp_path / "weights.pt").write_bytes(b"".join(content))
    with pytest.raises(pickle.UnpicklingError, match="no place in a file of weights"):
        read_weights(tmp_path / "weights.pt")


def test_two_voices_are_two_directions(demo: Path) -> None:
    """Windows of one speaker lie closer together than any two of different speakers; loudness says nothing."""
    samples = to_float(read_audio(demo))
    windows = np.stack([samples[int(at * RATE) :][:WINDOW] for at in (0.2, 2.4, 5.2, 8.0)])  # two of either voice
    voices = encode(windows)
    assert voices.shape == (4, SIZE)
    assert (voices >= 0).all()
    assert np.linalg.norm(voices, axis=1) == pytest.approx(1.0, abs=1e-5)
    near = voices @ voices.T
    assert min(near[0, 1], near[2, 3]) > near[:2, 2:].max()
    loud, soft = encode(np.stack([0.1 * windows[0], 0.01 * windows[0]]))
    assert loud == pytest.approx(soft, abs=1e-3)


def test_a_stranger_is_called_what_the_known_are_called() -> None:
    """The regression's answer turns over when the known speakers' labels do, and knows nothing of what has no voice."""
    rng = np.random.default_rng(1)
    voices = np.zeros((21, SIZE), np.float16)
    voices[:20] = np.abs(rng.normal(size=(20, SIZE))) / SIZE**0.5
    voices[:10, 0] += 1.0

    def pool(first: str, second: str) -> Pool:
        clips = [Clip(_recording(str(n), first if n < 10 else second), 0, WINDOW) for n in range(21)]
        return Pool(clips, np.zeros(WINDOW, np.int16), np.ones(FRAMES, bool), voices)

    one, other = Regression(pool("female", "male")), Regression(pool("male", "female"))
    assert (one(voices[:10]) > 0).all()
    assert one(voices[:20]) == pytest.approx(-other(voices[:20]), abs=1e-3)


def _recording(speaker: str, gender: str) -> Recording:
    return Recording(speaker, "speech", "c", speaker, gender, None, "train", "train", "ours", "")
