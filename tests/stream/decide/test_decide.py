"""Laws of one window's decision: symmetric in the labels, honest about doubt."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import ModelSpec, load_model
from stream.decide import Judgement, judge
from stream.records import Scores, SpeechVerdict

SPEC = load_model().spec
SPEECH = SpeechVerdict(0.9, True)
SILENCE = SpeechVerdict(0.1, False)

probabilities = st.floats(0.0, 1.0)


def swapped(spec: ModelSpec) -> ModelSpec:
    return msgspec.structs.replace(spec, labels=spec.labels[::-1])


@given(probabilities, probabilities, probabilities)
def test_swapping_the_labels_swaps_the_decision(speech: float, decidable: float, label: float) -> None:
    """Symmetry: p for one label decides as 1 - p for the other does, and changes nothing else."""
    one = judge(SPEECH, Scores(speech, decidable, label), SPEC)
    mirrored = 1.0 - label
    if 1.0 - mirrored == label:  # the mirror is exact in floating point
        assert judge(SPEECH, Scores(speech, decidable, mirrored), swapped(SPEC)) == one


@pytest.mark.parametrize(
    ("speech", "scores", "state", "label", "reason"),
    [
        (SILENCE, None, "silence", "unknown", "silence"),
        (SPEECH, Scores(0.0, 1.0, 1.0), "noise", "unknown", "not_speech"),
        (SPEECH, Scores(1.0, 0.0, 1.0), "speech", "unknown", "undecidable"),
        (SPEECH, Scores(1.0, 1.0, 0.5), "speech", "unknown", "low_confidence"),
        (SPEECH, Scores(1.0, 1.0, 1.0), "speech", "female", None),
        (SPEECH, Scores(1.0, 1.0, 0.0), "speech", "male", None),
        (SPEECH, Scores(None, None, 1.0), "speech", "female", None),
        (SPEECH, Scores(None, 0.0, 1.0), "speech", "unknown", "undecidable"),
        (SPEECH, Scores(None, None, 0.5), "speech", "unknown", "low_confidence"),
    ],
)
def test_each_reason_has_its_window(
    speech: SpeechVerdict, scores: Scores | None, state: str, label: str, reason: str | None
) -> None:
    """Silence before noise before an undecidable voice before doubt before a label, as far as outputs tell."""
    assert judge(speech, scores, SPEC) == Judgement(state, label, reason)


def test_a_model_without_gate_hears_silence_too() -> None:
    """Where the spec has no gate, the VAD's verdict decides nothing."""
    spec = msgspec.structs.replace(SPEC, gate="none")
    assert judge(SILENCE, Scores(1.0, 1.0, 1.0), spec).label == "female"
