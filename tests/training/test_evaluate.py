"""The protocol, its figures, and the law of looks."""

import csv
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("webrtcvad")
pytest.importorskip("soxr")
pytest.importorskip("scipy")
pytest.importorskip("ai_edge_litert")

from models import VOICE, UnusableError, load_model
from training.audio import RATE, WINDOW
from training.corpora import Recording
from training.evaluate import LOOKS, _log_look
from training.figures import calibration_error, share, voices
from training.protocol import Answers, Scorer


def _recording(speaker: str = "", gender: str = "") -> Recording:
    return Recording(speaker, "speech", "c", speaker, gender, None, "test", "test", "ours", "")  # type: ignore[arg-type]


def test_looks_are_counted_and_end(tmp_path: Path) -> None:
    """Evaluate-only data is looked at ten times at most, each time with a reason that is written down."""
    path = tmp_path / "looks.csv"
    with pytest.raises(UnusableError, match="reason"):
        _log_look(path, "voice", "")
    for number in range(LOOKS):
        _log_look(path, "voice", f"because {number}")
    with pytest.raises(UnusableError, match="10 looks"):
        _log_look(path, "voice", "once more")
    rows = list(csv.DictReader(path.open()))
    assert [row["reason"] for row in rows] == [f"because {number}" for number in range(LOOKS)]


def test_an_interval_draws_speakers_not_windows() -> None:
    """Many windows of one speaker make an interval no narrower; one speaker has no spread at all."""
    right = np.array([True, False])
    few = share(right, np.array(["a", "b"]))
    many = share(np.repeat(right, 500), np.repeat(["a", "b"], 500))
    assert (few.value, few.low, few.high) == (many.value, many.low, many.high) == (0.5, 0.0, 1.0)
    one = share(np.array([True, False, True, True]), np.full(4, "a"))
    assert one.value == one.low == one.high == 0.75


def test_calibrated_probabilities_have_no_error() -> None:
    """Probabilities that come true as often as they say cost nothing; certain and wrong costs 1."""
    rng = np.random.default_rng(0)
    probability = rng.uniform(size=50_000)
    assert calibration_error(probability, rng.uniform(size=50_000) < probability) < 0.01
    assert calibration_error(np.ones(100), np.zeros(100, bool)) == 1.0


def test_a_veto_is_wrong_in_forced_choice() -> None:
    """Forced choice counts every gated window; a window taken for no voice is wrong whatever its label."""
    spec = load_model(VOICE).spec
    heard = np.array([0.99, 0.99, 0.0])  # probability of a voice
    answers = Answers(_recording("ann", "female"), heard, np.ones(3), np.array([0.9, 0.1, 0.9]), np.zeros(3), False)
    other = Answers(_recording("bob", "male"), np.ones(1), np.ones(1), np.array([0.1]), np.zeros(1), False)
    found = voices([answers, other], spec)
    assert found.female.value == pytest.approx(1 / 3)
    assert found.male.value == 1.0
    assert found.vetoed == 0.25


def test_short_files_are_padded_and_silence_asks_nothing() -> None:
    """A file below 2 s is one window if anything; what the gate stops never reaches the model."""
    scorer = Scorer(load_model(VOICE))
    t = np.arange(WINDOW - 4000) / RATE
    buzz = np.sum([np.sin(2 * np.pi * 140 * k * t) / k for k in range(1, 25)], axis=0) * (np.sin(9 * t) > -0.5)
    short = scorer(_recording(), (buzz * 6000).astype(np.int16))
    assert short.padded
    assert short.female.shape == (1,)
    assert scorer(_recording(), np.zeros(5 * RATE, np.int16)).female.shape == (0,)
