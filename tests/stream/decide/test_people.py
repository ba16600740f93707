"""Laws of the two people on a stream: windows are made by hand, without audio."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Timbre, load_model
from models.provisional import VERDICT
from stream.decide import Leg, VerdictSettings, judge
from stream.decide.people import Pair, People, any_pair
from stream.records import Scores, SpeechVerdict

EVEN = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]
EQUAL = (0.0, 0.0, -3.0)
WEIGHT, KEPT = 0.4, 0.99

TIMBRE = Timbre(size=3, between=5.0)
LOW, HIGH = (-3.0, 1.0, 2.0), (3.0, -2.0, 0.5)  # two people's timbres, as far apart as many are

windows = st.lists(st.tuples(st.floats(-6.0, 6.0), st.floats(-3.0, 0.0), st.floats(-3.0, 0.0)), max_size=30)
timbres = st.lists(st.floats(-6.0, 6.0), min_size=3, max_size=3)


def heard(
    told: list[tuple[float, float, float]], kept: float = KEPT, timbre: list[list[float]] | None = None
) -> People:
    """Log-odds of each window, and how well it fits the first and the second; and how it sounds."""
    people = People(VERDICT, TIMBRE)
    for at, (log_odds, first, second) in enumerate(told):
        sound = timbre[at % len(timbre)] if timbre else None
        people.hear(log_odds, (first, second, -3.0), EVEN, weight=WEIGHT, kept=kept, timbre=sound)
    return people


def introduced() -> People:
    """The first, who sounds LOW, and the second, who sounds HIGH, have both spoken for a while."""
    people = People(VERDICT, TIMBRE)
    for sound, fits in [(LOW, (0.0, -9.0, -9.0))] * 15 + [(HIGH, (-9.0, 0.0, -9.0))] * 15:
        people.hear(0.0, fits, EVEN, weight=WEIGHT, kept=1.0, timbre=sound)
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


@given(windows, st.lists(timbres, min_size=1, max_size=5), timbres, st.floats(-6.0, 6.0), st.floats(0.0, 1.0))
def test_swapping_the_labels_swaps_whom_timbre_tells(told, sounds, sound, log_odds, two) -> None:
    """Bit for bit: timbre is nobody's label."""
    swapped = [(-each, second, first) for each, first, second in told]
    one, other = heard(told, timbre=sounds), heard(swapped, timbre=sounds)
    assert other.tell(-log_odds, sound, two) == -one.tell(log_odds, sound, two)


@given(windows, st.lists(timbres, min_size=1, max_size=5), timbres, st.floats(-6.0, 6.0))
def test_one_person_alone_is_not_parted_by_timbre(told, sounds, sound, log_odds) -> None:
    """Where there are no two people, a window says what it says of the labels, whatever it sounds like."""
    people = heard(told, timbre=sounds)
    assert people.tell(log_odds, sound, 0.0) == people.tell(log_odds, None, 1.0)


@given(timbres, st.floats(-6.0, 6.0), st.floats(0.0, 1.0))
def test_timbre_counts_as_far_as_there_are_two(sound: list[float], log_odds: float, two: float) -> None:
    """In proportion to their probability."""
    people = introduced()
    label, both = people.tell(log_odds, None, 1.0), people.tell(log_odds, sound, 1.0)
    assert people.tell(log_odds, sound, two) - label == pytest.approx(two * (both - label), abs=1e-9)


@given(st.floats(0.0, 1.0), st.floats(0.01, 1.0))
def test_a_window_that_sounds_like_somebody_is_theirs(part: float, two: float) -> None:
    """A voice that could be either label's is told by its timbre; the rather, the surer that there are two."""
    people = introduced()
    between = [low + part * (high - low) for low, high in zip(LOW, HIGH, strict=True)]
    for sound, sign in ((LOW, 1.0), (HIGH, -1.0)):
        assert sign * people.tell(0.0, sound, two) > 5.0 * two
        assert sign * people.tell(0.0, sound, two) >= sign * people.tell(0.0, between, two) - 1e-9


@given(timbres.filter(lambda each: math.dist(each, (0.0, 0.0, 0.0)) > 1.0))
def test_a_stranger_is_neither(direction: list[float]) -> None:
    """What sounds unlike both, however much nearer to one, is told by the label: it may be anybody's."""
    length = math.dist(direction, (0.0, 0.0, 0.0))
    far = [60.0 * each / length for each in direction]
    assert introduced().tell(0.0, far, 1.0) == pytest.approx(0.0, abs=1e-3)


@given(st.lists(st.floats(-6.0, 6.0), min_size=1, max_size=20), st.floats(0.0, 1.0))
def test_a_persons_kind_lies_among_their_windows(kinds: list[float], first: float) -> None:
    """The mean over windows is none that they do not span."""
    people = People(VERDICT)
    for kind in kinds:
        mean = people.kind(kind, (first, 1.0 - first), weight=WEIGHT, kept=KEPT)
    assert min(kinds) - 1e-9 <= mean <= max(kinds) + 1e-9


@given(st.lists(st.tuples(st.floats(-6.0, 6.0), st.floats(0.0, 1.0)), min_size=1, max_size=20))
def test_swapping_the_labels_swaps_whose_kind_it_is(told: list[tuple[float, float]]) -> None:
    """Bit for bit."""
    one, other = People(VERDICT), People(VERDICT)
    for kind, first in told:
        mean = one.kind(kind, (first, 1.0 - first), weight=WEIGHT, kept=KEPT)
        assert other.kind(kind, (1.0 - first, first), weight=WEIGHT, kept=KEPT) == mean


def test_each_of_the_two_has_a_kind_of_their_own() -> None:
    """A child beside a grown woman: what one window says of either is held against all of theirs, not of the other."""
    people = People(VERDICT)
    for _ in range(20):
        people.kind(4.0, (1.0, 0.0), weight=WEIGHT, kept=1.0)
        people.kind(-4.0, (0.0, 1.0), weight=WEIGHT, kept=1.0)
    assert people.kind(-1.0, (1.0, 0.0), weight=WEIGHT, kept=1.0) > 3.0
    assert people.kind(1.0, (0.0, 1.0), weight=WEIGHT, kept=1.0) < -3.0


def test_a_voice_that_is_neither_labels_is_told_by_its_timbre() -> None:
    """Somebody whose windows lie on both sides of zero gets their turns as soon as they sound unlike the other."""
    spec = msgspec.structs.replace(load_model().spec, timbre=TIMBRE)
    seconds = []
    for sounds in ((None, None), (LOW, HIGH)):
        leg, at = Leg(spec, VerdictSettings()), 0.0
        for place in range(240):
            first = place // 12 % 2 == 0
            log_odds = 4.0 if first else (-4.0, 2.0, 2.0, -4.0)[place % 4]
            scores = Scores(1.0, 1.0, 1.0 / (1.0 + math.exp(-log_odds)), sounds[0 if first else 1])
            leg.hear(at, at + 2.0, judge(SpeechVerdict(0.9, True), scores, spec), scores)
            at += 0.5
        leg.finish()
        seconds.append(leg.speaking_seconds("all"))
    without, told = seconds
    assert told["male"] == pytest.approx(0.5 * at, abs=4.0)
    assert without.get("male", 0.0) < told["male"] - 10.0


def test_a_doubtful_voice_that_speaks_first_is_told_from_a_clear_one() -> None:
    """Who was taken for the other while nobody was known gets their turns once the other has been heard."""
    leg, at = Leg(load_model().spec, VerdictSettings()), 0.0
    for log_odds in ([-0.2] * 12 + [-6.0] * 12) * 4:
        scores = Scores(1.0, 1.0, 1.0 / (1.0 + math.exp(-log_odds)))
        leg.hear(at, at + 2.0, judge(SpeechVerdict(0.9, True), scores, load_model().spec), scores)
        at += 0.5
    leg.finish()
    assert leg.speaking_seconds("all")["female"] > 0.3 * at
