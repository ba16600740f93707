"""Laws of the two people on a stream: windows are made by hand, without audio."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import load_model
from models.provisional import VERDICT
from stream.decide import Leg, VerdictSettings, judge
from stream.decide.people import Pair, People, any_pair
from stream.records import Scores, SpeechVerdict

EVEN = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]
EQUAL = (0.0, 0.0, -3.0)
WEIGHT, KEPT = 0.4, 0.99

windows = st.lists(st.tuples(st.floats(-6.0, 6.0), st.floats(-3.0, 0.0), st.floats(-3.0, 0.0)), max_size=30)


def heard(told: list[tuple[float, float, float]], kept: float = KEPT) -> People:
    """Log-odds of each window, and how well it fits the first and the second."""
    people = People(VERDICT)
    for log_odds, first, second in told:
        people.hear(log_odds, (first, second, -3.0), EVEN, weight=WEIGHT, kept=kept)
    return people


@given(windows)
def test_swapping_the_labels_swaps_the_people(told: list[tuple[float, float, float]]) -> None:
    """Bit for bit."""
    one, other = heard(told).pair, heard([(-each, second, first) for each, first, second in told]).pair
    assert (other.first, other.second, other.variance) == (-one.second, -one.first, one.variance)


@given(windows)
def test_each_lies_between_their_label_and_what_was_heard(told: list[tuple[float, float, float]]) -> None:
    """Nobody is farther from the average of their label than any window is; who was heard is known better."""
    said = [each for each, _, _ in told]
    pair = heard(told).pair
    slack = 1e-9
    assert min([VERDICT.mean, *said]) - slack <= pair.first <= max([VERDICT.mean, *said]) + slack
    assert min([-VERDICT.mean, *said]) - slack <= pair.second <= max([-VERDICT.mean, *said]) + slack
    assert pair.variance <= any_pair(VERDICT).variance + slack


def test_whoever_surely_speaks_is_known_as_by_their_windows_alone() -> None:
    """Where there is no doubt whose the windows are: the textbook's normal posterior, and nothing of the other."""
    people = heard([(-4.0, -60.0, 0.0)] * 20, kept=1.0)
    count = 20 * WEIGHT
    precision = count / VERDICT.within**2 + 1.0 / VERDICT.between**2
    expected = (count * -4.0 / VERDICT.within**2 - VERDICT.mean / VERDICT.between**2) / precision
    assert people.pair.second == pytest.approx(expected, rel=1e-3)  # now and then it may have been nobody
    assert people.pair.first == pytest.approx(VERDICT.mean)


def test_what_is_no_evidence_changes_nobody() -> None:
    """Silence says who speaks now, and nothing of who they are."""
    people = heard([(3.0, 0.0, -2.0)] * 5)
    before = people.pair
    people.hear(None, EQUAL, EVEN, weight=WEIGHT, kept=KEPT)
    assert people.pair == before


@given(st.floats(-8.0, 8.0), st.floats(0.1, 20.0), st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))
def test_half_way_between_two_people_says_nothing(at: float, weight: float, first: float, second: float) -> None:
    """Windows at the middle have log-odds 0; above it they speak for the first, wherever zero is."""
    pair, middle = Pair(first, second, 1.0), 0.5 * (first + second)
    if first - second > 0.01:
        assert pair.log_odds(weight * middle, weight, 2.0) == pytest.approx(0.0, abs=1e-9)
        assert math.copysign(1.0, at) * pair.log_odds(weight * (middle + at), weight, 2.0) >= 0.0


def test_a_doubtful_voice_that_speaks_first_is_told_from_a_clear_one() -> None:
    """Who was taken for the other while nobody was known gets their turns once the other has been heard."""
    leg, at = Leg(load_model().spec, VerdictSettings()), 0.0
    for log_odds in ([-0.2] * 12 + [-6.0] * 12) * 4:
        scores = Scores(1.0, 1.0, 1.0 / (1.0 + math.exp(-log_odds)))
        leg.hear(at, at + 2.0, judge(SpeechVerdict(0.9, True), scores, load_model().spec), scores)
        at += 0.5
    leg.finish()
    assert leg.speaking_seconds("all")["female"] > 0.3 * at
