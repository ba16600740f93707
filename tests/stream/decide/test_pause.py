"""Laws of pauses, and of turns that begin and end in them."""

from itertools import pairwise

import msgspec
import pytest
from heard import SPEC, WINDOW, Heard, Said, exact, hops, said, voices
from hypothesis import given
from hypothesis import strategies as st

from stream.decide.pause import REACH, pause_near

FRAME = 0.02  # seconds

runs = st.lists(st.integers(1, 60), min_size=1, max_size=200)


def spoken(lengths: list[int], size: int) -> bytes:
    """So many frames of speech, so many of silence, and so on, and again: `size` frames."""
    pattern = b"".join(bytes([1 - place % 2]) * length for place, length in enumerate(lengths))
    return (pattern * (size // len(pattern) + 1))[:size]


@given(runs, st.integers(0, 100))
def test_a_pause_is_silent_near_and_none_is_longer(lengths: list[int], middle: int) -> None:
    """What is found holds no speech, lies within reach, and cannot be outdone there; else nothing moves."""
    frames, reach = spoken(lengths, 100), round(REACH / FRAME)
    first, last = max(middle - reach, 0), min(middle + reach, 100)
    begin, end = (round((time - 7.0) / FRAME) for time in pause_near(7.0 + FRAME * middle, 7.0, frames))
    near = frames[first:last]
    if 0 not in near or 1 not in near:
        assert begin == end == middle
        return
    assert first <= begin < end <= last
    assert 1 not in frames[begin:end]
    assert bytes(end - begin + 1) not in near


@given(runs, st.integers(0, 100))
def test_a_pause_played_backwards_is_as_long(lengths: list[int], middle: int) -> None:
    """Time has no say in which pause is the longest."""
    frames = spoken(lengths, 100)
    forth, back = pause_near(FRAME * middle, 0.0, frames), pause_near(FRAME * (100 - middle), 0.0, frames[::-1])
    assert back[1] - back[0] == pytest.approx(forth[1] - forth[0])


@pytest.mark.parametrize("hop", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("late", [-0.6, -0.3, 0.0, 0.3, 0.4])
def test_a_turn_ends_with_a_pause_and_the_next_begins(late: float, hop: float) -> None:
    """Where windows change their mind in the midst of a word, the edge is at the end of the pause close by."""
    frames = bytearray([1]) * 1100
    frames[round((10.0 + late) * 50) - 15 : round((10.0 + late) * 50)] = bytes(15)
    turns = Heard(frames=bytes(frames)).hear(voices((10.0, 0.99), (10.0, 0.01), hop=hop), hop).finish().turns
    assert [turn.label for turn in turns] == ["a", "b"]
    assert turns[0].end == turns[1].start == pytest.approx(10.0 + late)


def test_a_turn_reaches_from_its_first_word_to_its_last() -> None:
    """Between two silences, whenever the windows noticed."""
    frames = bytes(50 * 8 + 10) + bytes([1]) * (50 * 6) + bytes(50 * 10)
    silence = [None] * 14
    (turn,) = Heard(frames=frames).hear([*silence, *[0.99] * 12, *silence]).finish().turns
    assert (turn.start, turn.end) == (pytest.approx(8.2), pytest.approx(14.2))


@given(said, hops, runs)
def test_turns_stay_in_order_whatever_the_pauses(windows: list[Said], hop: float, lengths: list[int]) -> None:
    """None is empty, none overlaps another, and each edge is within reach of where windows alone put it."""
    size = round(((len(windows) or 1) * hop + WINDOW) * 50) + 100
    plain, moved = Heard().hear(windows, hop), Heard(frames=spoken(lengths, size)).hear(windows, hop)
    assert [path.open.state for path in moved.leg._filter._paths] == [
        path.open.state for path in plain.leg._filter._paths
    ]
    turns, expected = moved.finish().turns, plain.finish().turns
    assert [turn.label for turn in turns] == [turn.label for turn in expected]
    assert all(turn.start < turn.end for turn in turns)
    assert all(one.end <= other.start for one, other in pairwise(turns))
    for turn, other in zip(turns, expected, strict=True):
        assert turn.probability == other.probability
        assert abs(turn.start - other.start) <= REACH + 2 * FRAME


@given(st.lists(st.none() | exact, max_size=60), hops, runs)
def test_swapping_the_labels_leaves_the_edges(windows: list[Said], hop: float, lengths: list[int]) -> None:
    """Symmetry, with pauses."""
    frames = spoken(lengths, round(((len(windows) or 1) * hop + WINDOW) * 50) + 100)
    mirrored = msgspec.structs.replace(SPEC, labels=("b", "a"))
    one = Heard(frames=frames).hear(windows, hop).finish()
    other = Heard(mirrored, frames=frames).hear([None if p is None else 1.0 - p for p in windows], hop).finish()
    assert other.told == one.told
