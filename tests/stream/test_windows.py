"""Laws of the windows: on the grid, whole, off the gaps, and every sample fresh once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.records import AudioBlock, Gap, Window
from stream.windows import Windows

LENGTH = 200


def signal(start: int, length: int) -> np.ndarray:
    return (np.arange(start, start + length) & 0x7FFF).astype(np.int16)


def pieces_of(steps: list[tuple[bool, int]]) -> list[AudioBlock | Gap]:
    position, pieces = 0, []
    for is_gap, size in steps:
        pieces.append(Gap(position, size, "device", False) if is_gap else AudioBlock(position, signal(position, size)))
        position += size
    return pieces


def cut(pieces: list[AudioBlock | Gap], hop: int) -> list[Window]:
    windows = Windows(LENGTH, hop)
    found = []
    for piece in pieces:
        for window in windows.cut(piece):
            np.testing.assert_array_equal(window.samples, signal(window.start, LENGTH))
            found.append(window)
    return found


hops = st.sampled_from([10, 30, 50, 130, 200, 260])
streams = st.lists(st.tuples(st.sampled_from([False, False, False, True]), st.integers(1, 500)), max_size=25)


@given(steps=streams, hop=hops)
def test_windows_are_those_of_the_grid_that_touch_no_gap(steps: list[tuple[bool, int]], hop: int) -> None:
    """Every window of the grid that touches no gap is cut, and no other, with its own samples."""
    pieces = pieces_of(steps)
    end = pieces[-1].end if pieces else 0
    gaps = [piece for piece in pieces if isinstance(piece, Gap)]
    expected = [
        start
        for start in range(0, max(end - LENGTH + 1, 0), hop)
        if not any(gap.start < start + LENGTH and start < gap.end for gap in gaps)
    ]
    assert [window.start for window in cut(pieces, hop)] == expected


@given(steps=streams, hop=hops)
def test_losses_are_told_by_the_next_window(steps: list[tuple[bool, int]], hop: int) -> None:
    """`lost` counts all that was lost before the window's start, `gap_before` what the window before did not tell."""
    pieces = pieces_of(steps)
    told = 0
    for window in cut(pieces, hop):
        lost = sum(piece.length for piece in pieces if isinstance(piece, Gap) and piece.end <= window.start)
        assert window.lost == lost
        assert window.gap_before == lost - told
        told = lost


@given(steps=streams, hop=hops)
def test_fresh_samples_are_fresh_once(steps: list[tuple[bool, int]], hop: int) -> None:
    """The fresh parts of the windows overlap nowhere and cover all that any window covers."""
    covered: set[int] = set()
    fresh: list[int] = []
    for window in cut(pieces_of(steps), hop):
        covered.update(range(window.start, window.end))
        fresh += range(window.end - window.fresh, window.end)
    assert len(fresh) == len(set(fresh))
    assert set(fresh) == covered


@given(lost=st.integers(0, LENGTH - 1), size=st.integers(1, LENGTH - 1), hop=hops)
def test_a_short_stream_is_padded_and_says_so(lost: int, size: int, hop: int) -> None:
    """A stream shorter than a window gives one window, its end zeros, their number in `padded`; so does its last part.

    What was heard before a gap, as much as was `lost`, is in no window.
    """
    windows, begins = Windows(LENGTH, hop), -(-2 * lost // hop) * hop
    if lost:
        assert not list(windows.cut(AudioBlock(0, signal(0, lost))))
        assert not list(windows.cut(Gap(lost, lost, "device", False)))
    assert not list(windows.cut(AudioBlock(2 * lost, signal(2 * lost, begins - 2 * lost + size))))
    (window,) = windows.finish()
    assert (window.start, window.padded) == (begins, LENGTH - size)
    np.testing.assert_array_equal(window.samples[:size], signal(begins, size))
    assert not window.samples[size:].any()
