"""Laws of pauses, and of turns that begin where they end."""

from itertools import pairwise

import msgspec
import pytest
from heard import SPEC, WINDOW, Heard, Said, exact, hops, said, voices
from hypothesis import given
from hypothesis import strategies as st

from stream.decide.pause import SILENT, pause_end
from stream.records import FRAME_SECONDS as FRAME

runs = st.lists(st.integers(1, 60), min_size=1, max_size=200)


def spoken(lengths: list[int], size: int) -> bytes:
    """So many frames of speech, so many of silence, and so on, and again: `size` frames."""
    pattern = b"".join(bytes([1 - place % 2]) * length for place, length in enumerate(lengths))
    return (pattern * (size // len(pattern) + 1))[:size]


@given(runs, st.floats(0.0, 2.0), st.integers(0, int(SILENT * 255)), st.integers(int(SILENT * 255) + 1, 255))
def test_an_edge_is_at_the_end_of_a_pause_or_stays(lengths: list[int], at: float, silent: int, loud: int) -> None:
    """The frame before is silent and the next one is not; where all is speech nothing moves."""
    frames = spoken(lengths, 100).translate(bytes([silent, loud]).ljust(256))
    found = pause_end(7.0 + at, 7.0, frames)
    if found == pytest.approx(7.0 + at):
        return
    end = round((found - 7.0) / FRAME)
    assert found == pytest.approx(7.0 + FRAME * end)
    assert frames[end - 1] == silent
    assert frames[end] == loud
    assert pause_end(7.0 + at, 7.0, bytes([loud]) * 100) == pytest.approx(7.0 + at)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 30), st.integers(0, 30))
def test_no_pause_that_is_longer_and_nearer_is_passed_over(before: int, after: int, near: int, far: int) -> None:
    """Of one pause on either side of the edge."""
    frames = bytearray([255]) * 100
    frames[50 - near - before : 50 - near] = bytes(before)
    frames[50 + 1 + far : 50 + 1 + far + after] = bytes(after)
    end = round(pause_end(1.0, 0.0, bytes(frames)) / FRAME)
    if before >= after and near <= far + 1:
        assert end in (50, 50 - near)
    elif after >= before and far + 1 < near:
        assert end in (50, 50 + 1 + far + after)


@pytest.mark.parametrize("hop", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("late", [-0.6, -0.3, 0.0, 0.3, 0.6])
def test_a_turn_ends_with_a_pause_and_the_next_begins(late: float, hop: float) -> None:
    """Where windows change their mind in the midst of a word, the edge is at the end of the pause close by."""
    frames = bytearray([1]) * 1100
    frames[round((10.0 + late) * 50) - 15 : round((10.0 + late) * 50)] = bytes(15)
    turns = Heard(frames=bytes(frames)).hear(voices((10.0, 0.99), (10.0, 0.01), hop=hop), hop).finish().turns
    assert [turn.label for turn in turns] == ["a", "b"]
    assert turns[0].end == turns[1].start == pytest.approx(10.0 + late)


@pytest.mark.parametrize("hop", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("late", [-0.6, -0.3, 0.0, 0.3, 0.6])
def test_who_speaks_after_nobody_begins_with_the_first_word(late: float, hop: float) -> None:
    """However late or early windows tell of it."""
    frames = bytes(round((10.0 + late) * 50)) + bytes([1]) * 700
    (turn,) = Heard(frames=frames).hear(voices((10.0, None), (10.0, 0.99), hop=hop), hop).finish().turns
    assert turn.start == pytest.approx(10.0 + late)


def test_who_is_followed_by_nobody_keeps_the_edge() -> None:
    """Whom the model cannot decide on is nobody, too, and speaks on: a pause in that tells nothing."""
    frames = bytearray([1]) * 1100
    frames[520:535] = bytes(15)
    turns = [Heard(frames=each).hear([0.99] * 20 + [None] * 20).finish().turns for each in (None, bytes(frames))]
    assert turns[0] == turns[1]
    assert len(turns[0]) == 1


def test_a_pause_after_the_other_ones_only_words_is_none_before_them() -> None:
    """A second of him between her and a long silence is his, from his first word on."""
    frames = bytes([1]) * 495 + bytes(5) + bytes([1]) * 45 + bytes(600)
    first, second = Heard(frames=frames).hear([0.99] * 19 + [0.01] * 3 + [None] * 20).finish().turns
    assert first.end == second.start == pytest.approx(10.0)


@pytest.mark.parametrize("hop", [0.1, 0.25, 0.5])
def test_one_pause_does_not_swallow_a_turn(hop: float) -> None:
    """Where both edges of a short turn would move to the same pause, it still has a beginning and an end."""
    frames = bytearray([1]) * 1200
    frames[505:535] = bytes(30)
    windows = voices((10.0, 0.999), (1.4, 0.001), (10.0, 0.999), hop=hop)
    turns = Heard(frames=bytes(frames)).hear(windows, hop).finish().turns
    assert [turn.label for turn in turns] == ["a", "b", "a"]
    assert all(turn.start < turn.end for turn in turns)


@given(said, hops, runs)
def test_turns_stay_in_order_whatever_the_pauses(windows: list[Said], hop: float, lengths: list[int]) -> None:
    """None is empty, none overlaps another, and each edge is in the window that told it."""
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
        assert abs(turn.start - other.start) <= WINDOW


@given(st.lists(st.none() | exact, max_size=60), hops, runs)
def test_swapping_the_labels_leaves_the_edges(windows: list[Said], hop: float, lengths: list[int]) -> None:
    """Symmetry, with pauses."""
    frames = spoken(lengths, round(((len(windows) or 1) * hop + WINDOW) * 50) + 100)
    mirrored = msgspec.structs.replace(SPEC, labels=("b", "a"))
    one = Heard(frames=frames).hear(windows, hop).finish()
    other = Heard(mirrored, frames=frames).hear([None if p is None else 1.0 - p for p in windows], hop).finish()
    assert other.told == one.told
