"""A leg's packets in order: what the sender said, in its place, however the network shuffled it."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from stream.records import AudioBlock, Gap, Samples
from stream.ring import Ring
from stream.sources.rtp.leg import MOST_HELD, Leg, Packet
from stream.words import LossCause

RATE, SIZE, WAIT, PAUSE = 8000, 160, 0.1, 10.0
STEP = SIZE / RATE  # seconds a packet


class Tape:
    """A Writer into a ring that is large enough, and its contents."""

    def __init__(self) -> None:
        self._ring = Ring(1 << 20, live=True, wake=lambda: None)
        self.late = 0

    def write(self, samples: Samples, *, when: float | None = None) -> None:
        self._ring.write(samples, when=when)

    def skip(self, length: int, *, cause: LossCause, estimated: bool) -> None:
        self._ring.skip(length, cause=cause, estimated=estimated)

    def pieces(self) -> list[AudioBlock | Gap]:
        found = []
        while (piece := self._ring.read(1 << 20)) is not None:
            found.append(piece)
        return found

    def count_late(self) -> None:
        self.late += 1


def spoken(count: int, sequence: int = 0, timestamp: int = 0) -> list[Packet]:
    """Packets whose samples tell their place."""
    samples = (np.arange(count * SIZE) % 30_011).astype(np.int16).reshape(count, SIZE)
    return [Packet((sequence + i) % (1 << 16), (timestamp + i * SIZE) % (1 << 32), samples[i]) for i in range(count)]


def played(packets: list[Packet], times: list[float] | None = None, first: Packet | None = None) -> Tape:
    """What comes of packets that come in at these times, or 20 ms apart."""
    tape = Tape()
    times = times or [i * STEP for i in range(len(packets))]
    leg = Leg(tape, first or packets[0], rate=RATE, wait=WAIT, pause=PAUSE, now=times[0], late=tape.count_late)
    for packet, now in zip(packets, times, strict=True):
        leg.tick(now)
        leg.take(packet, now)
        assert len(leg._held) <= MOST_HELD
    leg.finish(times[-1])
    assert not leg.waits
    return tape


def heard(tape: Tape) -> tuple[Samples, list[Gap]]:
    """All samples, zeros where they are missing, and the gaps."""
    pieces = tape.pieces()
    parts = [piece.samples if isinstance(piece, AudioBlock) else np.zeros(piece.length, np.int16) for piece in pieces]
    return np.concatenate(parts), [piece for piece in pieces if isinstance(piece, Gap)]


starts = st.tuples(st.integers(65_500, 65_535) | st.integers(0, 65_535), st.integers(2**32 - 9000, 2**32 - 1))


@given(start=starts, keys=st.lists(st.floats(0, 4), min_size=40, max_size=40), twice=st.sets(st.integers(1, 39)))
def test_order_duplicates_and_wrap_around_change_nothing(
    start: tuple[int, int], keys: list[float], twice: set[int]
) -> None:
    """Packets that overtake each other or come twice, over the ends of both counters: the same as in order."""
    packets = spoken(40, *start)
    shuffled = sorted(range(40), key=lambda i: i + keys[i])
    arriving = [packets[i] for i in shuffled for _ in range(1 + (i in twice))]
    tape = played(arriving, [0.001 * i for i in range(len(arriving))], first=packets[0])
    samples, gaps = heard(tape)
    assert not gaps
    assert np.array_equal(samples, np.concatenate([packet.samples for packet in packets]))
    assert tape.late == len(twice)


@given(start=starts, lost=st.sets(st.integers(1, 58), max_size=30))
def test_a_lost_packet_is_a_gap_of_its_own_length(start: tuple[int, int], lost: set[int]) -> None:
    """Whatever is missing is a gap exactly there, of cause network, not estimated; the rest is in its place."""
    packets = spoken(60, *start)
    samples, gaps = heard(played([each for i, each in enumerate(packets) if i not in lost]))
    expected = np.concatenate([packet.samples for packet in packets]).reshape(60, SIZE)
    expected[sorted(lost)] = 0
    assert np.array_equal(samples, expected.ravel())
    assert sum(gap.length for gap in gaps) == SIZE * len(lost)
    assert {at // SIZE for gap in gaps for at in range(gap.start, gap.end)} == lost
    assert all(gap.cause == "network" and not gap.estimated for gap in gaps)


@given(events=st.sets(st.integers(1, 48), max_size=20), lost=st.sets(st.integers(1, 48), max_size=5))
def test_events_and_comfort_noise_shift_nothing(events: set[int], lost: set[int]) -> None:
    """What is no audio takes its place in the sequence, and none in time but what the timestamps say."""
    packets = spoken(50)
    assume(not events & lost)
    arriving = [
        each._replace(samples=None, timestamp=each.timestamp // 7) if i in events else each
        for i, each in enumerate(packets)
        if i not in lost
    ]
    samples, gaps = heard(played(arriving))
    expected = np.concatenate([packet.samples for packet in packets]).reshape(50, SIZE)
    expected[sorted(events | lost)] = 0
    assert np.array_equal(samples, expected.ravel())
    missing = {at // SIZE for gap in gaps for at in range(gap.start, gap.end)}
    assert lost <= missing <= lost | events  # silence that was meant is no loss, unless one cannot tell


def test_in_order_nothing_is_held() -> None:
    """The buffer adds no delay while nothing is missing, and `wait` at the most when something is."""
    packets = spoken(10)
    tape = Tape()
    leg = Leg(tape, packets[0], rate=RATE, wait=WAIT, pause=PAUSE, now=0.0)
    for i in range(4):
        leg.take(packets[i], i * STEP)
        assert sum(piece.samples.size for piece in tape.pieces()) == SIZE
    leg.take(packets[5], 5 * STEP)
    assert leg.tick(5 * STEP) == 5 * STEP + WAIT
    assert not tape.pieces()
    leg.tick(5 * STEP + WAIT)
    assert [type(piece) for piece in tape.pieces()] == [Gap, AudioBlock]


@given(jump=st.integers(round(PAUSE * RATE) + 1, 2**31 - 1), back=st.booleans(), late=st.floats(0.02, 5.0))
def test_a_timestamp_of_hours_makes_no_gap_of_hours(jump: int, back: bool, late: float) -> None:
    """However far a timestamp jumps, time moves no further than the clock says; and all audio is heard."""
    packets = spoken(20)
    leap = -jump if back else jump
    arriving = [*packets[:10], *(each._replace(timestamp=(each.timestamp + leap) % (1 << 32)) for each in packets[10:])]
    times = [i * STEP + (late if i >= 10 else 0.0) for i in range(20)]
    samples, gaps = heard(played(arriving, times))
    assert sum(gap.length for gap in gaps) <= (late + 2 * STEP) * RATE
    assert all(gap.estimated for gap in gaps)
    assert samples.size - sum(gap.length for gap in gaps) == 20 * SIZE


@given(sequence=st.integers(5000, 60_000), timestamp=st.integers(0, 2**32 - 1))
def test_a_sender_that_begins_anew_is_followed(sequence: int, timestamp: int) -> None:
    """Numbers from elsewhere are believed from the second on; a single packet from there changes nothing."""
    before, after = spoken(20), spoken(20, sequence, timestamp)
    samples, gaps = heard(played([*before[:10], after[5], *before[10:], *after]))
    assert [gap.estimated for gap in gaps] == [True]
    assert samples.size - gaps[0].length == (20 + 19) * SIZE


random_packets = st.lists(
    st.builds(
        Packet,
        st.integers(0, 65_535) | st.integers(0, 100),
        st.integers(0, 2**32 - 1) | st.integers(0, 20_000),
        st.none() | st.integers(0, 400).map(lambda size: np.zeros(size, np.int16)),
    ),
    min_size=1,
    max_size=80,
)


@given(packets=random_packets, steps=st.lists(st.floats(0, 0.5), min_size=80, max_size=80))
def test_no_packets_whatsoever_run_away_with_time(packets: list[Packet], steps: list[float]) -> None:
    """Whatever comes: samples are written once each at most, a packet moves time by `pause` at most, silence less."""
    times = np.cumsum(steps)[: len(packets)].tolist()
    pieces = played(packets, times).pieces()
    given_samples = sum(packet.samples.size for packet in packets if packet.samples is not None)
    written = sum(piece.samples.size for piece in pieces if isinstance(piece, AudioBlock))
    assert written <= given_samples + (times[-1] - times[0] + 5.0) * RATE + 1
    assert all(piece.length <= PAUSE * RATE for piece in pieces if isinstance(piece, Gap))


def test_what_is_held_is_kept() -> None:
    """A packet that waits behind a hole keeps its samples, though the memory that they came in is used again."""
    packets, tape, room = spoken(3), Tape(), np.zeros(SIZE, np.int16)
    leg = Leg(tape, packets[0], rate=RATE, wait=WAIT, pause=PAUSE, now=0.0)
    for packet in (packets[0], packets[2], packets[1]):
        room[:] = packet.samples
        leg.take(packet._replace(samples=room), 0.0)
    assert np.array_equal(heard(tape)[0], np.concatenate([packet.samples for packet in packets]))


def test_no_more_packets_are_held_than_agreed() -> None:
    """However many come at once behind a hole, the buffer is bounded: the hole is given up for them."""
    packets, tape = spoken(MOST_HELD + 3), Tape()
    leg = Leg(tape, packets[0], rate=RATE, wait=WAIT, pause=PAUSE, now=0.0)
    for packet in [packets[0], *packets[2 : MOST_HELD + 2]]:
        leg.take(packet, 0.0)
    assert leg.waits
    leg.take(packets[MOST_HELD + 2], 0.0)
    assert not leg.waits
    assert [gap.length for gap in heard(tape)[1]] == [SIZE]


def test_silence_is_no_cheaper_than_time() -> None:
    """Packets that claim seconds of silence each get what the clock allows, and gaps instead of the rest."""
    tape, samples = Tape(), np.ones(SIZE, np.int16)
    packets = [Packet(i, i * 4 * RATE, samples) for i in range(20)]
    leg = Leg(tape, packets[0], rate=RATE, wait=WAIT, pause=PAUSE, now=0.0)
    for i, packet in enumerate(packets):
        leg.take(packet, i * STEP)
    everything, gaps = heard(tape)
    silence = everything.size - 20 * SIZE - sum(gap.length for gap in gaps)
    assert 0 < silence <= (5.0 + 20 * STEP) * RATE


def test_a_clock_that_runs_ahead_is_no_flood() -> None:
    """A sender whose clock is half a percent fast is heard whole, however long its call."""
    tape, samples, early = Tape(), np.zeros(8000, np.int16), []
    first = Packet(0, 0, samples)
    leg = Leg(tape, first, rate=RATE, wait=WAIT, pause=PAUSE, now=0.0, early=lambda: early.append(1))
    for i in range(10_000):  # of a second each
        leg.take(Packet(i % (1 << 16), i * 8000 % (1 << 32), samples), 0.995 * i)
    assert not early
