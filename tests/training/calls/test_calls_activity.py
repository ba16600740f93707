"""Which 20 ms are speech: what is learnt is what the file tells, and the command on a small corpus."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("keras")

from models import VOICE, UnusableError, load_model, read_spec
from stream.classify import Classifier
from training.calls.activity import Windows, _told, learn, tell, to_steps
from training.cli import cli
from training.graph import Added, giving_steps, with_added
from training.lite import Lite

SHAPE = read_spec(VOICE).shape


@pytest.fixture(scope="module")
def windows() -> Windows:
    """Windows of noise whose speech is where they are loud, and what the shipped network has of them."""
    rng, count = np.random.default_rng(1), 96
    loud = np.repeat(rng.random((count, 10)) < 0.5, 10, axis=1)  # 0.2 s at a time
    rows = np.repeat(loud, 2, axis=1)[:, : SHAPE[0]]
    log_mel = rng.normal(np.where(rows, -30.0, -70.0)[..., None], 5.0, (count, *SHAPE)).astype(np.float32)
    steps = Lite(giving_steps(load_model().content, 50)).batch(log_mel).astype(np.float16)
    return Windows(steps, loud, np.zeros_like(loud))


def test_what_was_learnt_is_what_the_files_tell(windows: Windows) -> None:
    """Sounds that begin and end are found to 20 ms mostly; as layers of a TFLite file they are the same network."""
    network = learn(windows, 8, 40)
    told = tell(network, windows)
    assert np.mean(told != windows.truth) < 0.1
    content = with_added(load_model().content, Added(activity=to_steps(network)))
    features = np.random.default_rng(2).normal(-50.0, 15.0, (8, *SHAPE)).astype(np.float32)
    given = Lite(giving_steps(content, 50)).batch(features)
    wanted = network.predict_on_batch(given)
    found = Lite(content).batch(features)[:, 3:]
    assert np.ptp(found) > 0.1
    np.testing.assert_allclose(found, 0.5 + 0.5 * np.tanh(0.5 * wanted), atol=1e-3)


def test_the_command_puts_activity_into_the_model(corpus: Path, tmp_path: Path) -> None:
    """Both files, which say what they said; a daemon runs them, and knows which 20 ms are speech."""
    folder = Path(shutil.copytree(VOICE, tmp_path / "model", ignore=shutil.ignore_patterns("report")))
    options = ["--data", str(corpus), "--model", str(folder), "--legs", "3", "--units", "4", "--epochs", "1"]
    told = CliRunner().invoke(cli, ["activity", *options], catch_exceptions=False)
    assert "by WebRTC's detector" in told.stdout
    assert read_spec(folder).activity.frames == 100
    features = np.random.default_rng(5).uniform(-90.0, -10.0, SHAPE).astype(np.float32)
    for precision in ("float32", "int8"):
        shipped, made = (Classifier(load_model(each, precision))(features) for each in (VOICE, folder))
        assert (made.speech, made.decidable, made.label) == (shipped.speech, shipped.decidable, shipped.label)
        assert made.timbre == shipped.timbre
        assert len(made.frames) == 100
        assert len(set(made.frames)) > 10  # probabilities


@pytest.mark.parametrize(("steps", "told"), [(50, 100), (100, 100), (99, 99), (66, None), (198, None)])
def test_a_step_tells_whole_frames(steps: int, told: int | None) -> None:
    """One or two of 20 ms; a model whose steps are others is refused in one line, before anything is written."""
    if told:
        assert _told(steps, 100) == told
    else:
        with pytest.raises(UnusableError, match=f"has {steps} steps in 100 frames"):
            _told(steps, 100)


def test_the_command_takes_activity_out_of_the_model(tmp_path: Path) -> None:
    """Nothing is heard for that; timbre stays."""
    folder = Path(shutil.copytree(VOICE, tmp_path / "model", ignore=shutil.ignore_patterns("report")))
    CliRunner().invoke(cli, ["activity", "--model", str(folder), "--units", "0"], catch_exceptions=False)
    assert not read_spec(folder).activity
    assert read_spec(folder).timbre == read_spec(VOICE).timbre
    features = np.random.default_rng(6).uniform(-90.0, -10.0, SHAPE).astype(np.float32)
    for precision in ("float32", "int8"):
        shipped, made = (Classifier(load_model(each, precision))(features) for each in (VOICE, folder))
        assert (made.label, made.timbre) == (shipped.label, shipped.timbre)
        assert made.frames is None
