"""Laws of the ring: samples in order, none torn, none lost without a word."""

import threading
from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.records import AudioBlock, Gap, Samples
from stream.ring import Ring


def counting(start: int, length: int) -> np.ndarray:
    """A signal whose every sample tells its position, modulo 2^15."""
    return (np.arange(start, start + length) & 0x7FFF).astype(np.int16)


def drain(ring: Ring, limit: int = 1 << 30) -> list[AudioBlock | Gap]:
    pieces = []
    while (piece := ring.read(limit)) is not None:
        pieces.append(piece)
    return pieces


def check_tiling(pieces: list[AudioBlock | Gap], end: int) -> None:
    """The pieces follow one another from 0 to `end`, and every sample is the one of its position."""
    position = 0
    for piece in pieces:
        assert piece.start == position
        position = piece.end
        if isinstance(piece, AudioBlock):
            np.testing.assert_array_equal(piece.samples, counting(piece.start, piece.samples.size))
    assert position == end


steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 400)),
        st.tuples(st.just("skip"), st.integers(1, 900)),
        st.tuples(st.just("read"), st.integers(1, 300)),
    ),
    max_size=60,
)


@given(steps=steps, capacity=st.integers(16, 600))
def test_captured_and_lost_make_up_all_that_elapsed(steps: list[tuple[str, int]], capacity: int) -> None:
    """Conservation: whatever is written, skipped and read, blocks and gaps tile stream time exactly."""
    ring = Ring(capacity, live=True, wake=lambda: None)
    position, skipped, pieces = 0, 0, []
    for what, size in steps:
        if what == "write":
            ring.write(counting(position, size))
            position += size
        elif what == "skip":
            ring.skip(size, cause="device", estimated=True)
            position += size
            skipped += size
        elif (piece := ring.read(size)) is not None:
            pieces.append(piece)
    pieces += drain(ring)
    check_tiling(pieces, position)
    assert sum(piece.length for piece in pieces if isinstance(piece, Gap) and piece.cause == "device") == skipped
    assert ring.mark.position == position
    assert sum(ring.mark.skipped.values()) == skipped


@given(blocks=st.lists(st.integers(1, 900), max_size=30), limit=st.integers(1, 500))
def test_a_reader_in_time_loses_nothing(blocks: list[int], limit: int) -> None:
    """What is read before it would be overwritten arrives whole, for any blocks and any read size."""
    ring = Ring(2000, live=True, wake=lambda: None)
    position, pieces = 0, []
    for size in blocks:
        ring.write(counting(position, size))
        position += size
        pieces += drain(ring, limit)
    check_tiling(pieces, position)
    assert not any(isinstance(piece, Gap) for piece in pieces)


class Interrupted(Ring):
    """A ring whose writer goes on in the middle of each copy."""

    meanwhile: Callable[[], None]

    def _copy(self, start: int, end: int) -> Samples:
        first = super()._copy(start, (start + end) // 2)
        self.meanwhile()
        return np.concatenate([first, super()._copy((start + end) // 2, end)])


@given(before=st.integers(100, 200), during=st.integers(1, 300), limit=st.integers(2, 200))
def test_what_is_overwritten_while_it_is_copied_is_lost(before: int, during: int, limit: int) -> None:
    """A copy that the writer overtook is thrown away and counted; one that it did not is whole."""
    ring = Interrupted(200, live=True, wake=lambda: None)
    position = 0

    def write(size: int) -> None:
        nonlocal position
        ring.write(counting(position, size))
        position += size

    write(before)
    ring.meanwhile = lambda: write(during)
    piece = ring.read(limit)
    ring.meanwhile = lambda: None
    assert isinstance(piece, Gap) == (before + during > 200)
    check_tiling([piece, *drain(ring)], position)


def test_threads_tear_nothing() -> None:
    """With a writer that never waits and laps the reader, no block is torn and every loss is counted."""
    ring = Ring(1 << 19, live=True, wake=lambda: None)  # so large that a copy takes long enough to be torn
    total, size = 1 << 26, 1 << 12
    blocks = [counting(at, size) for at in range(0, 1 << 15, size)]

    def write() -> None:
        for i in range(total // size):
            ring.write(blocks[i % len(blocks)])
        ring.close()

    writer = threading.Thread(target=write)
    pieces = []
    writer.start()
    while not ring.exhausted:
        pieces += drain(ring)
    writer.join()
    check_tiling(pieces, total)


def test_a_waiting_writer_loses_nothing() -> None:
    """A writer that waits for room has every sample read, however small the ring."""
    ring = Ring(256, live=False, wake=lambda: None)
    total = 200_000

    def write() -> None:
        for at in range(0, total, 1000):
            ring.write(counting(at, 1000))
        ring.close()

    writer = threading.Thread(target=write)
    pieces = []
    writer.start()
    while not ring.exhausted:
        pieces += drain(ring, 100)
    writer.join()
    check_tiling(pieces, total)
    assert not any(isinstance(piece, Gap) for piece in pieces)


def test_an_abandoned_writer_ends() -> None:
    """A writer that waits for room ends when the reader gives up."""
    ring = Ring(256, live=False, wake=lambda: None)
    ended = threading.Event()

    def write() -> None:
        try:
            ring.write(counting(0, 1000))
        finally:
            ended.set()

    writer = threading.Thread(target=write, daemon=True)
    threading.excepthook, kept = (lambda _: None), threading.excepthook
    try:
        writer.start()
        ring.abandon()
        assert ended.wait(30)
        writer.join()
    finally:
        threading.excepthook = kept


@given(blocks=st.lists(st.integers(1, 50), min_size=1, max_size=40), awaited=st.integers(1, 500))
def test_wakes_once_when_the_awaited_position_is_there(blocks: list[int], awaited: int) -> None:
    """The reader is woken by the block that reaches the awaited position, and by no other."""
    woken: list[int] = []
    ring = Ring(10_000, live=True, wake=lambda: woken.append(ring.mark.position))
    assert not ring.await_position(awaited)
    ends = np.cumsum(blocks)
    for size in blocks:
        ring.write(counting(0, size))
    assert woken == [int(end) for end in ends if end >= awaited][:1]


@given(blocks=st.lists(st.integers(1, 50), min_size=1, max_size=400))
def test_a_sample_came_with_its_block(blocks: list[int]) -> None:
    """However many blocks come at once, none is taken for older than it is; those long past are reckoned by rate."""
    ring = Ring(100_000, live=True, wake=lambda: None)
    assert ring.arrival(1, 8000) == ring.mark.when
    for i, size in enumerate(blocks):
        ring.write(counting(0, size), when=float(i))
    ends = np.cumsum(blocks).tolist()
    known = range(max(len(ends) - 128, 0), len(ends))
    for i in known:
        assert ring.arrival(ends[i], 8000) == i
        if i > known[0]:
            assert ring.arrival(ends[i - 1] + 1, 8000) == i
    if known[0]:
        assert ring.arrival(ends[0], 8000) == known[0] - (ends[known[0]] - ends[0]) / 8000
