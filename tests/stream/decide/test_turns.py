"""Laws of turns: whose they are, where they begin and end, and when they are told."""

from itertools import pairwise

import msgspec
import pytest
from heard import SPEAKERS, SPEC, TURNS, WINDOW, Heard, Said, exact, hops, said, voices
from hypothesis import example, given
from hypothesis import strategies as st


@pytest.mark.parametrize("hop", [0.1, 0.25, 0.5])
@pytest.mark.parametrize(("lengths", "pause"), [((10.0, 10.0), 0.0), ((4.3, 6.1, 5.2, 3.4), 0.0), ((8.2, 7.7), 4.0)])
def test_an_edge_is_where_the_label_changed(lengths: tuple[float, ...], pause: float, hop: float) -> None:
    """Turns begin and end within half a hop of where windows' centres pass from voice to voice, or to none."""
    parts, edges, at = [], [], 0.0
    for i, seconds in enumerate(lengths):
        parts += [(seconds, (0.99, 0.01)[i % 2]), *([(pause, None)] if pause else [])]
        edges.append((at, at + seconds))
        at += seconds + pause
    turns = Heard().hear(voices(*parts, hop=hop), hop).finish().turns
    assert [turn.label for turn in turns] == ["ab"[i % 2] for i in range(len(lengths))]
    for turn, (start, end) in zip(turns, edges, strict=True):
        assert turn.start == pytest.approx(start, abs=0.5 * hop + 1e-6)
        assert turn.end == pytest.approx(end, abs=0.5 * hop + 1e-6)


def test_short_pauses_and_mistakes_do_not_end_a_turn() -> None:
    """A second of silence, or a window or two that are wrong, stay inside the turn."""
    windows = [0.95] * 10 + [None] * 2 + [0.95] * 10 + [0.1] + [0.95] * 10 + [0.2] * 2 + [0.95] * 10
    (turn,) = Heard().hear(windows).finish().turns
    assert (turn.label, turn.start, turn.end) == ("a", 0.0, 0.5 * 44 + WINDOW)
    assert turn.windows == 43


@given(st.lists(st.none() | exact, min_size=1, max_size=80), hops)
def test_turns_are_in_order_and_tell_all(windows: list[Said], hop: float) -> None:
    """Turns follow one another without overlap, inside the stream; the last summary counts them and speaking time."""
    heard = Heard().hear(windows, hop).finish()
    end = (len(windows) - 1) * hop + WINDOW
    for before, after in pairwise(heard.turns):
        assert before.end <= after.start
    for turn in heard.turns:
        assert 0.0 <= turn.start < turn.end <= end + 1e-9
        assert SPEAKERS.atypical <= turn.probability <= 1.0 - SPEAKERS.atypical
        assert turn.probability >= TURNS.leave
    final = heard.calls[-1]
    assert final.final
    assert final.turns == len(heard.turns)
    speech = sum(p is not None for p in windows)
    assert min(speech, 1) * hop - 1e-6 <= sum(final.speech_seconds.values()) <= end + 1e-6


@example(
    [
        0,
        15 / 256,
        None,
        None,
        29 / 256,
        0.390625,
        167 / 256,
        0.703125,
        187 / 256,
        194 / 256,
        None,
        None,
        81 / 256,
        215 / 256,
        None,
        None,
        0.453125,
    ],
    0.5,
)
@given(said, hops)
def test_a_turn_is_told_soon_and_stays_as_told(windows: list[Said], hop: float) -> None:
    """A turn comes `lag` after its end at the latest; the current turn's label is unknown or its own."""
    heard = Heard()
    for i, window in enumerate(windows):
        told = len(heard.turns)
        heard.hear([window], hop)
        for turn in heard.turns[told:]:
            assert turn.end >= i * hop + 0.5 * WINDOW - TURNS.lag - 2.0 * hop
        assert heard.currents[-1][0] in ("a", "b", "unknown")
        assert (heard.currents[-1][1] is None) == (heard.currents[-1][0] == "unknown")


@given(said, hops)
def test_whose_turn_it_is_agrees_with_the_turns(windows: list[Said], hop: float) -> None:
    """At any time that is not settled yet, the label is that of the turn in which it lies, and unknown in none."""
    heard = Heard()
    for window in windows:
        turns = heard.hear([window], hop).leg._filter.pending()
        inside = [0.5 * (turn.start + turn.end) for turn in turns]
        between = [0.5 * (one.end + other.start) for one, other in pairwise(turns)]
        for at in (*inside, *between, turns[0].start - 0.1 if turns else 0.0):
            expected = next((turn.label for turn in turns if turn.start <= at < turn.end), "unknown")
            assert heard.leg._filter.label_at(at) == expected


def test_a_clear_turn_is_told_before_the_lag() -> None:
    """Where no path disagrees any more, a turn is told: seconds after another voice is heard for sure."""
    heard = Heard().hear([0.99] * 20).hear([0.01] * 6)
    (turn,) = heard.turns
    assert (turn.label, turn.end) == ("a", 10.75)
    assert heard.at + WINDOW - 0.5 < turn.end + TURNS.lag - 1.0


@pytest.mark.parametrize("gap", [0.5, 30.0])
def test_no_turn_lies_in_a_gap(gap: float) -> None:
    """Where samples were lost between two voices, the one's turn ends before and the other's begins after."""
    heard = Heard().hear([0.99] * 10)
    lost = heard.at - 0.5 + WINDOW  # end of the last window
    heard.at = lost + gap
    first, second = heard.hear([0.01] * 10).finish().turns
    assert (first.end, second.start) == (lost, lost + gap)


@pytest.mark.parametrize("hop", [0.1, 0.25, 1.0])
def test_another_hop_decides_alike(hop: float) -> None:
    """The same conversation has the same turns and the same verdict at any hop; edges as exact as it allows."""
    parts = ((7.0, 0.9), (5.0, 0.2), (3.0, None), (9.0, 0.85), (6.0, 0.1))
    usual = Heard().hear(voices(*parts), 0.5).finish()
    other = Heard().hear(voices(*parts, hop=hop), hop).finish()
    assert [turn.label for turn in other.turns] == [turn.label for turn in usual.turns] == ["a", "b", "a", "b"]
    for one, two in zip(usual.turns, other.turns, strict=True):
        assert two.start == pytest.approx(one.start, abs=0.5 + hop)
        assert two.probability == pytest.approx(one.probability, abs=0.02)
    assert (other.calls[-1].label, other.calls[-1].reason) == (usual.calls[-1].label, usual.calls[-1].reason)


def test_whoever_is_like_the_other_label_is_told_from_the_one_they_talk_with() -> None:
    """A voice that is neither's by itself gets its turns beside one that is clearly somebody else; not alone."""
    doubtful, clear = (5.0, 0.55), (5.0, 0.004)
    steady = msgspec.structs.replace(SPEC, verdict=msgspec.structs.replace(SPEAKERS, between=2.0, within=1.2))
    together = Heard(steady).hear(voices(*[clear, doubtful] * 8)).finish()
    assert {turn.label for turn in together.turns[4:]} == {"a", "b"}
    seconds = together.calls[-1].speech_seconds
    assert seconds["a"] > 0.4 * seconds["b"]
    alone = Heard(steady).hear(voices(*[doubtful] * 8)).finish()
    assert not alone.turns


@pytest.mark.parametrize("at_first", [0.4, 0.25])
def test_whoever_was_taken_for_the_other_at_first_is_not_held_there_by_timbre(at_first: float) -> None:
    """One voice, doubtful at first and then clearly a label's, is told as if nobody heard how it sounds."""
    heard, deaf = (
        Heard().hear([at_first] * 12, timbre=timbre).hear([0.85] * 60, timbre=timbre).finish()
        for timbre in ((4.0, -4.0), None)
    )
    assert heard.told == deaf.told
    assert heard.turns[-1].label == "a"


def test_who_was_heard_long_ago_is_forgotten() -> None:
    """After seven times `memory` of another voice, the pair is the one that it would be had nothing been before."""
    lately = voices((7.0 * TURNS.memory, 0.9))
    alone, after = Heard().hear(lately).leg, Heard().hear(voices((60.0, 0.99))).hear(lately).leg
    assert after._filter._people.pair.first == pytest.approx(alone._filter._people.pair.first, abs=0.005)


@given(exact, st.integers(0, 40), hops)
def test_the_same_window_never_says_less_for_its_label(p: float, count: int, hop: float) -> None:
    """Whoever was heard before, a voice that is more the first label's never gets more of the second's turn."""
    before = [0.01] * count
    less, more = ([label for label, _ in Heard().hear([*before, *[each] * 20], hop).currents[count:]]
                  for each in (p, 0.5 * (1.0 + p)))  # fmt: skip
    assert more.count("b") <= less.count("b")
