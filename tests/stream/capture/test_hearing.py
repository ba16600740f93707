"""Laws of hearing: whatever the capture process sends, the stream's samples and gaps fit together."""

import threading
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import GenderstreamError
from stream.capture.wire import Block, Device, Hears, Lost, Opened, Refused
from stream.records import AudioBlock, Condition, Gap
from stream.ring import Ring
from stream.sources import InputSettings
from stream.sources.channels import ChannelWriter
from stream.sources.hearing import DeviceLost, Hearing
from stream.words import WARNING

RATE, BLOCK = 16_000, 320
DEVICE = Device("card", 1, RATE)


class Intake:
    """Gives a ring that holds all that a test writes; keeps what is said, and what a reader finds when woken."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.said: list[str] = []
        self.found: list[tuple[str, float]] = []  # state, and when samples last came
        self.ring = Ring(200 * RATE, live=True, wake=self._look)

    def _look(self) -> None:
        self.found.append((self.ring.condition.state, self.ring.mark.heard))

    def open(self, stream: str, *, rate: int, live: bool, timed: bool) -> Ring:
        return self.ring

    def refuse(self, source: str, cause: str, count: int = 1) -> None: ...

    def say(self, line: str) -> None:
        self.said.append(line)

    def pieces(self) -> list[AudioBlock | Gap]:
        pieces = []
        while (piece := self.ring.read(1 << 30)) is not None:
            pieces.append(piece)
        return pieces


def hearing() -> tuple[Hearing, Intake]:
    intake = Intake()
    writer = ChannelWriter(intake, "mic", InputSettings(), channels=1, rate=RATE, live=True, timed=True)
    heard = Hearing(writer, DEVICE, intake)
    heard.take(Opened())
    return heard, intake


def block(
    number: int, *, thrown: int = 0, overflow: bool = False, late: float = 0.0, frames: int = BLOCK
) -> Block:  # fmt: skip
    """Block `number`, whose samples are all that number; `thrown` blocks were thrown away before it."""
    first = (number + thrown) * frames
    when = 1000.0 + (first + frames) / RATE + late
    return Block(when, first, overflow, np.full(frames, number % 1000, np.int16).tobytes())


@given(st.lists(st.sampled_from([0, 0, 0, 1, 7, 400]), min_size=1, max_size=30))
def test_blocks_thrown_away_are_gaps_of_their_length(thrown: list[int]) -> None:
    """What the capture process had to throw away, where nobody read, is missing to the sample, in its place."""
    heard, intake = hearing()
    total = 0
    for number, more in enumerate(thrown[:20]):
        total += more if number else 0  # before the first block nothing counts
        heard.take(block(number, thrown=total))
    pieces = intake.pieces()
    gaps = [piece.length for piece in pieces if isinstance(piece, Gap)]
    assert gaps == [more * BLOCK for more in thrown[1:20] if more]
    assert sum(piece.samples.size for piece in pieces if isinstance(piece, AudioBlock)) == len(thrown[:20]) * BLOCK


@given(
    pace=st.sampled_from([1, 1600, 8000]), blocks=st.lists(st.integers(1, 3000), min_size=1), hop=st.integers(1, 4)
)  # fmt: skip
def test_blocks_are_left_until_somebody_waits_for_them(pace: int, blocks: list[int], hop: int) -> None:
    """What is missing reaches to the position awaited; until the reader says which, to where it may be next."""
    intake = Intake()
    intake.ring.pace = pace
    writer = ChannelWriter(intake, "mic", InputSettings(), channels=1, rate=RATE, live=True, timed=True)
    awaited = hop * pace
    intake.ring.await_position(awaited)
    for size in blocks:
        writer.write(np.zeros((size, 1), np.int16))
        position = intake.ring.mark.position
        next_edge = (position // pace + 1) * pace
        assert position + writer.missing == max(next_edge, awaited)


@pytest.mark.parametrize(("blocks", "seconds"), [(1, 0.482), (24, 0.022), (25, 0.502), (30, 0.402)])
def test_whoever_reads_sleeps_until_a_window_is_complete(
    blocks: int, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many blocks of 20 ms, and no longer than half a second: windows end at multiples of 25 blocks."""
    heard, intake = hearing()
    intake.ring.pace = 25 * BLOCK
    assert heard.leisure <= 0.0  # nothing has come: whatever does is taken at once
    for number in range(blocks):
        heard.take(block(number))
    monkeypatch.setattr("stream.sources.hearing.time", SimpleNamespace(monotonic=lambda: block(blocks - 1).when))
    assert heard.leisure == pytest.approx(min(seconds, 0.5))


def test_an_overflow_is_counted_and_its_loss_is_a_gap() -> None:
    """An overflow costs what the clock says, at least a sample, just before its block."""
    heard, intake = hearing()
    for number in range(50):
        heard.take(block(number))
    heard.take(block(50, overflow=True, late=0.5))
    first, gap, last = intake.pieces()
    assert (first.end, gap.length, gap.estimated, last.samples.size) == (50 * BLOCK, RATE // 2, True, BLOCK)
    assert intake.ring.condition == Condition(overflows=1)


@pytest.mark.parametrize(("frames", "flood", "within"), [(320, 25, 1.9), (640, 13, 1.9), (1600, 5, 1.6)])
def test_a_storm_of_overflows_costs_the_process(frames: int, flood: int, within: float) -> None:
    """Overflows at a quarter of 2 s' blocks: the device is given up, with that cause; over a minute they are mishaps.

    That holds for blocks of any length.
    """
    heard, _ = hearing()
    for number in range(flood - 1):
        heard.take(block(4 * number, overflow=True, frames=frames))
    with pytest.raises(DeviceLost, match=rf"{flood} overflows within {within} s"):
        heard.take(block(4 * (flood - 1), overflow=True, frames=frames))
    heard, intake = hearing()
    blocks = 60 * RATE // frames
    for number in range(blocks):
        heard.take(block(number, overflow=number % (blocks // flood) == 0, frames=frames))
    assert intake.ring.condition.overflows >= flood


def test_nothing_but_zeros_for_long_costs_the_process_ever_later() -> None:
    """A minute of zeros: the device is given up; the next time after two, then four, up to an hour; sound resets it."""
    heard, _ = hearing()
    blocks = count()
    second = np.zeros(RATE, np.int16)

    def hear(samples: np.ndarray) -> None:
        number = next(blocks)
        heard.take(Block(1000.0 + number, number * RATE, overflow=False, content=samples.tobytes()))

    def lasted() -> int:
        for seconds in range(1, 8000):
            try:
                hear(second)
            except DeviceLost:
                return seconds - 1
        raise AssertionError

    assert [lasted() for _ in range(8)] == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    hear(second + np.int16(1))
    assert lasted() == 60


@pytest.mark.parametrize("cause", ["the device has gone", "one became two"])
def test_what_the_process_says_is_the_cause(cause: str) -> None:
    """A device that is lost is said to be, once, with the cause, and again when it is heard; each start is counted."""
    heard, intake = hearing()
    heard.take(block(0))
    with pytest.raises(DeviceLost, match=cause):
        heard.take(Lost(cause))
    heard.lose(cause)
    assert intake.ring.condition == Condition("recovering", cause, restarts=1)
    heard.go_on()
    with pytest.raises(DeviceLost, match="not there"):
        heard.take(Refused("not there", unusable=True))
    heard.lose("not there")
    assert intake.ring.condition == Condition("recovering", "not there", restarts=2)
    heard.go_on()
    heard.take(DEVICE)
    heard.take(Opened())
    heard.take(block(0, late=1e6))
    assert intake.ring.condition == Condition(restarts=2)
    assert [line.split(",")[0] for line in intake.said] == [
        "listening to card (1 channels",
        f"{WARNING}card: lost ({cause}); trying again",
        "card: heard again",
    ]


def test_who_is_told_that_it_is_heard_again_finds_audio() -> None:
    """The reader is woken once the first block is there, not before it: nothing looks stalled in between."""
    heard, intake = hearing()
    heard.take(block(0))
    heard.lose("gone")
    heard.go_on()
    heard.take(DEVICE)
    heard.take(Opened())
    first = block(0, late=60.0)
    heard.take(first)
    assert intake.found == [("recovering", block(0).when), ("capturing", first.when)]


def test_a_device_that_never_opened_is_an_error() -> None:
    """What cannot be opened at the start ends the input, and says what to do."""
    heard, _ = hearing()
    with pytest.raises(GenderstreamError, match="busy: is another program using it"):
        heard.take(Refused("busy", unusable=False))


def test_another_source_is_said() -> None:
    """Where the default device is another one after a restart, a line says so."""
    heard, intake = hearing()
    heard.take(Hears("one"))
    heard.take(Hears("one"))
    assert len(intake.said) == 1
    heard.take(Hears("two"))
    assert intake.said[-1] == f"{WARNING}card: is two now, and was one"


def test_attempts_come_ever_later() -> None:
    """Each attempt waits longer than the one before, up to 5 s."""
    heard, _ = hearing()
    delays = []
    for _ in range(7):
        heard.lose("gone")
        delays.append(heard.delay)
        heard.go_on()
    assert delays == [0.25, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0]
