"""Laws of the decision: symmetric in the labels, honest about doubt, steady over time."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import ModelSpec, Smoothing, load_model
from stream.decide import Judgement, Smoother, SpeakingTime, judge
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


@given(st.lists(st.one_of(st.none(), st.floats(0.01, 0.99)), max_size=40), st.sampled_from([0.1, 0.5, 2.0]))
def test_swapping_the_labels_swaps_the_turn(evidence: list[float | None], hop: float) -> None:
    """Symmetry holds for the smoothed label and its probability as well."""
    one = Smoother(SPEC.smoothing, ("a", "b"))
    other = Smoother(SPEC.smoothing, ("b", "a"))
    for i, probability in enumerate(evidence):
        one.update(i * hop, probability)
        other.update(i * hop, None if probability is None else 1.0 - probability)
        assert one.label == other.label
        assert one.probability == pytest.approx(other.probability)


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


@given(st.floats(0.01, 0.99), st.integers(1, 50))
def test_more_of_the_same_makes_it_no_surer(probability: float, windows: int) -> None:
    """Equal windows give their own probability, however many overlap: they are averaged, not summed."""
    smoother = Smoother(Smoothing(enter=0.5, leave=0.5), ("a", "b"))
    for i in range(windows):
        smoother.update(i * 0.5, probability)
    if probability != 0.5 and smoother.probability is not None:
        assert smoother.probability == pytest.approx(max(probability, 1.0 - probability))


def test_hysteresis_holds_a_label_through_doubt() -> None:
    """A label once reached stays between `leave` and `enter`; one not reached does not begin there."""
    settings = Smoothing(half_life=0.01, enter=0.8, leave=0.6)
    smoother = Smoother(settings, ("a", "b"))
    smoother.update(0.0, 0.7)
    assert smoother.label == "unknown"
    smoother.update(1.0, 0.9)
    assert smoother.label == "a"
    smoother.update(2.0, 0.7)
    assert smoother.label == "a"
    smoother.update(3.0, 0.55)
    assert smoother.label == "unknown"


def test_a_long_silence_ends_the_turn() -> None:
    """After `forget` seconds without evidence nothing is left of the turn; shorter pauses change nothing."""
    smoother = Smoother(Smoothing(forget=3.0), ("a", "b"))
    smoother.update(0.0, 0.95)
    probability = smoother.probability
    smoother.update(2.5, None)
    assert (smoother.label, smoother.probability) == ("a", pytest.approx(probability))
    smoother.update(3.0, None)
    assert (smoother.label, smoother.probability) == ("unknown", None)
    smoother.update(3.5, 0.3)
    assert math.isclose(smoother._of_first, 0.3)


@given(st.lists(st.sampled_from(["female", "male", "unknown", None]), max_size=30), st.sampled_from([0.1, 0.5, 2.0]))
def test_speaking_time_counts_each_second_once(labels: list[str | None], hop: float) -> None:
    """However the windows overlap, the seconds of speech are at most the stream's, and shares add up to 1."""
    time = SpeakingTime()
    for i, label in enumerate(labels):
        time.add(label, i * hop, i * hop + 2.0)
    assert time.total <= (len(labels) - 1) * hop + 2.0 + 1e-6 if labels else time.total == 0
    if time.total:
        assert sum(map(time.share, ("female", "male", "unknown"))) == pytest.approx(1.0)
