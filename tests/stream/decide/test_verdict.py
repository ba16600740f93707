"""Laws of the verdict on a stream: when it is said, withdrawn, and left unsaid."""

import math
from itertools import pairwise

import msgspec
import pytest
from heard import SPEAKERS, SPEC, SPEECH, WINDOW, Heard, exact, hops, voices
from hypothesis import given
from hypothesis import strategies as st

from stream.decide import CallSummary, Judgement, Leg, VerdictSettings, judge
from stream.decide.evidence import Evidence, two_against_one
from stream.decide.verdict import SequentialTest
from stream.records import Scores


@given(st.floats(0.6, 0.99), st.integers(4, 60))
def test_another_hop_makes_nothing_surer(p: float, seconds: int) -> None:
    """Dependence is known: the same audio in twice or five times as many windows is as sure, but for a small margin."""
    odds = []
    for hop in (0.1, 0.25, 0.5):
        heard = Heard().hear(voices((seconds, p), hop=hop), hop)
        odds.append(heard.leg._test._log_odds)
    assert min(odds) >= 0.93 * max(odds)


@pytest.mark.parametrize("error", [0.01, 0.05])
@pytest.mark.parametrize("p", [0.97, 0.03])
def test_a_clear_voice_gets_a_verdict_within_seconds(p: float, error: float) -> None:
    """One message says the label, and the final one the same; a higher error rate is no slower."""
    first, final = Heard(error=error).hear([p] * 60).finish().calls
    assert {first.label, final.label} == {"a" if p > 0.5 else "b"}
    assert (first.final, final.final) == (False, True)
    assert first.decided_after == final.decided_after <= (5.0 if error == 0.01 else 3.0)
    assert final.probability >= first.probability > 1.0 - error - SPEAKERS.atypical
    assert final.turns == 1


def test_a_lone_window_says_no_more_than_its_probability() -> None:
    """With parameters that are consistent, one window of 0.985 is no verdict at 1 %, one of 0.995 is."""
    spread = math.sqrt(SPEAKERS.mean)  # between and within: squared they are twice the mean together
    consistent = msgspec.structs.replace(SPEAKERS, between=spread, within=spread, limit=8.0)
    spec = msgspec.structs.replace(SPEC, verdict=consistent)
    assert not Heard(spec).hear([0.985]).calls
    assert [call.label for call in Heard(spec).hear([0.995]).calls] == ["a"]


@given(st.floats(0.5, 0.7), st.integers(1, 200))
def test_doubt_is_never_a_verdict(p: float, count: int) -> None:
    """A voice between the labels stays unknown, however long it speaks: another speaker of its kind may differ."""
    heard = Heard().hear([p] * count).finish()
    assert [(call.label, call.reason) for call in heard.calls] == [("unknown", "low_confidence")]


def test_a_verdict_stands_until_half_of_it_is_gone() -> None:
    """Said at ln((1 - e) / e), withdrawn below half of that, and said anew at the whole."""
    test = SequentialTest(VerdictSettings(), SPEAKERS, ("a", "b"))
    odds = [1.05, 0.95, 0.55, 0.45, 0.95, 1.05]  # of what is needed
    each = (SPEAKERS.within**2 + SPEAKERS.between**2) / (2.0 * SPEAKERS.mean) * math.log(0.99 / 0.01)
    changes = [test.update((Evidence(part * each, 1.0, 1), Evidence()), -math.inf) for part in odds]
    assert changes == [True, False, False, True, False, True]
    assert test.standing.label == "a"


def test_the_verdict_turns_with_the_evidence() -> None:
    """Wrong at first, it is withdrawn and said anew; each change is a message, and the last is right."""
    heard = Heard(error=0.05).hear([0.95] * 2 + [0.1] * 100).finish()
    labels = [call.label for call in heard.calls]
    assert labels[0] == "a"
    assert labels[-2:] == ["b", "b"]
    assert all(one != two for one, two in pairwise(labels[:-1]))


@pytest.mark.parametrize("pause", [0.0, 6.0])
def test_a_handover_is_mixed_and_has_its_time(pause: float) -> None:
    """Another person takes the leg over: whatever was said before, the end is unknown, mixed, with the moment."""
    parts = ((30.0, 0.98), *([(pause, None)] if pause else []), (30.0, 0.03))
    heard = Heard().hear(voices(*parts)).finish()
    assert [(call.label, call.reason) for call in heard.calls] == [
        ("a", None), *([("unknown", "low_confidence")] if heard.calls[1].reason != "mixed" else []),
        ("unknown", "mixed"), ("unknown", "mixed"),
    ]  # fmt: skip
    (handover,) = heard.calls[-1].handovers
    assert handover.label == "b"
    assert handover.at == pytest.approx(30.0 + pause, abs=0.5)
    assert heard.calls[-2].end < 30.0 + pause + 12.0  # the mixture is seen within seconds


def test_a_few_wrong_windows_are_no_second_person() -> None:
    """Somebody who shouts for three seconds, or sounds wholly like the other for two, keeps the verdict."""
    for wrong in ([0.1] * 6, [0.001] * 5):
        heard = Heard().hear([0.97] * 40 + wrong + [0.97] * 40).finish()
        assert [call.label for call in heard.calls] == ["a", "a"]


def test_two_people_are_likelier_than_one_parted_by_chance() -> None:
    """Mixed only where two people explain the windows better by more than one speaker's look so."""
    windows = voices((30.0, 0.98), (30.0, 0.03))
    factor = two_against_one(Heard().hear(windows).leg.parts, SPEAKERS)
    for parted, mixed in ((factor - 0.1, True), (factor + 0.1, False)):
        spec = msgspec.structs.replace(SPEC, verdict=msgspec.structs.replace(SPEAKERS, parted=parted))
        assert (Heard(spec).hear(windows).finish().calls[-1].reason == "mixed") is mixed


def test_a_moment_of_music_that_passes_for_a_voice_is_no_evidence() -> None:
    """Two sure windows in a row are a verdict after silence; between windows that are no voice, they are none."""
    sure, music = Scores(0.95, 1.0, 0.98), Scores(0.05, 1.0, 0.5)
    noise, voice = judge(SPEECH, music, SPEC), judge(SPEECH, sure, SPEC)
    found = []
    for before in ((noise, music), (Judgement("silence", "unknown", "silence"), None)):
        leg = Leg(SPEC, VerdictSettings(verdict_error=0.05))
        told = [leg.hear(0.5 * n, 0.5 * n + WINDOW, *before) for n in range(4)]
        told += [leg.hear(2.0, 4.0, voice, sure), *[leg.hear(2.5 + 0.5 * n, 4.5 + 0.5 * n, *before) for n in range(4)]]
        found.append([each.label for news in told for each in news if isinstance(each, CallSummary)][:1])
    assert found == [[], ["a"]]


@pytest.mark.parametrize(("decidable", "reason"), [((0.05, 0.12), "undecidable"), ((0.12, 0.2), "low_confidence")])
def test_whoever_is_hardly_of_the_labels_kinds_gets_no_verdict(decidable: tuple[float, float], reason: str) -> None:
    """A minute tells a child whose windows pass the threshold now and then; the reason says which it is."""
    heard = Heard()
    for number in range(120):
        heard.hear([0.95], decidable=decidable[number % 2])
    assert [(call.label, call.reason) for call in heard.finish().calls] == [("unknown", reason)]


@given(exact, st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40), hops)
def test_less_of_the_labels_kinds_is_never_surer(p: float, decidable: list[float], hop: float) -> None:
    """Whatever is heard, a verdict on somebody more like a child is no surer, and its label no other."""
    usual, childlike = Heard(), Heard()
    for each in decidable:
        usual.hear([p], hop, decidable=each)
        childlike.hear([p], hop, decidable=0.5 * each)
    one, other = (sum(part.total for part in heard.leg.parts) for heard in (usual, childlike))
    assert abs(other) <= abs(one) + 1e-9
    assert one * other >= 0.0
