"""Laws of reading a device: whatever is there, once a block's end is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.capture.__main__ import _Capture
from stream.capture.pieces import LOOKS
from stream.capture.wire import Block, Device

RATE, BLOCK = 16_000, 32  # frames: 2 ms


class GoneError(Exception):
    """The device's end."""


class Stream:
    """A device that gives pieces, one more each time that somebody looks, and keeps what is read."""

    def __init__(self, pieces: list[int]) -> None:
        self.left, self.there, self.read_counts = [BLOCK, *pieces], 0, []

    @property
    def read_available(self) -> int:
        if not self.left:
            raise GoneError
        self.there += self.left.pop(0)
        return self.there

    def read(self, frames: int) -> tuple[bytes, bool]:
        self.read_counts.append((frames, self.there))
        self.there = max(self.there - frames, 0)
        return bytes(2 * frames), False


class Sent(list[Block]):
    """An outbox that keeps all."""

    put = list.append


def test_what_no_look_finds_is_waited_for() -> None:
    """Where pieces cannot be foreseen, reading waits for the block's end, and no longer."""
    reader, stream = _Capture(Device("card", 1, RATE), 0, BLOCK), Stream([5, *[0] * len(LOOKS)])
    reader._outbox = Sent()
    with pytest.raises(GoneError):
        reader._read(stream)
    assert stream.read_counts[2:] == [(BLOCK, 5)]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 3 * BLOCK), min_size=1, max_size=12))
def test_whatever_is_there_is_read(pieces: list[int]) -> None:
    """No piece is left half read; blocks follow one another, and each goes beyond the next multiple of a block."""
    reader, stream = _Capture(Device("card", 1, RATE), 0, BLOCK), Stream(pieces)
    sent = reader._outbox = Sent()
    with pytest.raises(GoneError):
        reader._read(stream)
    assert all(frames == there for frames, there in stream.read_counts[2:])
    end = 0
    for each in sent:
        assert each.first == end
        end += len(each.content) // 2
        assert end // BLOCK > each.first // BLOCK
