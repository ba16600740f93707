"""Laws of evidence: windows that overlap, and speakers who differ, against their textbook forms in float64."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.provisional import VERDICT
from stream.decide.evidence import Evidence, Pair, certainty, log_odds, two_against_one

DECORRELATION = VERDICT.decorrelation
odds = st.floats(-5.0, 5.0)
series = st.lists(st.tuples(st.floats(0.1, 10.0), odds), min_size=1, max_size=20)  # seconds since the last, log-odds


def heard(windows: list[tuple[float, float]]) -> Evidence:
    evidence, at = Evidence(), 0.0
    for passed, each in windows:
        at += passed
        evidence = evidence.add(at, each, DECORRELATION)
    return evidence


@given(series)
def test_equals_generalised_least_squares(windows: list[tuple[float, float]]) -> None:
    """Sum and weight, window by window, are those of the whole covariance matrix at once, whatever the distances."""
    at = np.cumsum([passed for passed, _ in windows])
    correlation = np.exp(-2.0 * np.abs(at[:, None] - at) / DECORRELATION)
    solved = np.linalg.solve(correlation, np.stack([np.ones(at.size), [each for _, each in windows]], axis=1))
    evidence = heard(windows)
    assert [evidence.weight, evidence.total] == pytest.approx(solved.sum(axis=0).tolist(), rel=1e-6, abs=1e-6)
    assert evidence.windows == len(windows)


@given(series, st.data())
def test_stronger_evidence_never_makes_less_sure(windows: list[tuple[float, float]], data: st.DataObject) -> None:
    """Whichever window speaks more for the first label, its log-odds do not fall."""
    place = data.draw(st.integers(0, len(windows) - 1))
    passed, each = windows[place]
    stronger = [*windows[:place], (passed, data.draw(st.floats(each, 5.0))), *windows[place + 1 :]]
    assert heard(stronger).log_odds(VERDICT) >= heard(windows).log_odds(VERDICT) - 1e-9


@given(st.floats(0.0, 1.0), st.integers(1, 500))
def test_one_speaker_is_never_surer_than_speakers_differ(p: float, count: int) -> None:
    """However long somebody speaks, evidence saturates at 2 mean limit / between², and certainty at 1 - atypical."""
    evidence = heard([(0.5, log_odds(p, VERDICT.limit))] * count)
    bound = 2.0 * VERDICT.mean * VERDICT.limit / VERDICT.between**2
    assert abs(evidence.log_odds(VERDICT)) <= bound
    assert VERDICT.atypical <= certainty(evidence.log_odds(VERDICT), VERDICT.atypical) <= 1.0 - VERDICT.atypical


def log_likelihood(evidence: Evidence, mean: float) -> float:
    """Ln of the integral of N(m; mean, between²) exp((total m - weight m² / 2) / within²) over m."""
    m = np.linspace(-40.0, 40.0, 80_001)
    exponent = (evidence.total * m - 0.5 * evidence.weight * m**2) / VERDICT.within**2
    exponent -= 0.5 * ((m - mean) / VERDICT.between) ** 2 + math.log(VERDICT.between * math.sqrt(2.0 * math.pi))
    peak = exponent.max()
    return float(peak + math.log(float(np.exp(exponent - peak).sum()) * (m[1] - m[0])))


@given(series)
def test_the_labels_log_odds_are_those_of_the_likelihoods(windows: list[tuple[float, float]]) -> None:
    """Log-odds of the label are the difference of its likelihood and the other's."""
    evidence = heard(windows)
    difference = log_likelihood(evidence, VERDICT.mean) - log_likelihood(evidence, -VERDICT.mean)
    assert evidence.log_odds(VERDICT) == pytest.approx(difference, abs=1e-6)


@given(series, series)
def test_two_against_one_is_the_ratio_of_the_likelihoods(
    first: list[tuple[float, float]], second: list[tuple[float, float]]
) -> None:
    """Of one speaker of either label for either part, against the likelier of those who would have made both."""
    one, other = heard(first), heard(second)
    mean, both = VERDICT.mean, one | other
    two = log_likelihood(one, mean) + log_likelihood(other, -mean)
    expected = two - max(log_likelihood(both, mean), log_likelihood(both, -mean))
    assert two_against_one((one, other), VERDICT) == pytest.approx(expected, abs=1e-5)


@given(series, st.floats(0.0, 5.0))
def test_people_the_wrong_way_round_tell_nothing(windows: list[tuple[float, float]], apart: float) -> None:
    """Where who has the first label sounds more like the second, and the other way round, no window says who speaks."""
    assert heard(windows).log_odds(VERDICT, Pair(1.0 - apart, 1.0, 0.5)) == 0.0


@given(st.floats(0.0, 1.0))
def test_a_windows_log_odds_are_limited_and_odd(p: float) -> None:
    """ln(p / (1 - p)) within the limit; exactly the opposite for the other label; less, where it may be no voice."""
    found = log_odds(p, 5.0)
    assert -5.0 <= found <= 5.0
    assert abs(log_odds(p, 5.0, 0.8)) <= min(abs(found), math.log(0.9 / 0.1)) + 1e-12
    assert log_odds(p, 5.0, 0.0) == 0.0
    if 1.0 - (1.0 - p) == p:
        assert log_odds(1.0 - p, 5.0) == -found
    if 0.01 < p < 0.99:
        assert found == pytest.approx(math.log(p / (1.0 - p)))
