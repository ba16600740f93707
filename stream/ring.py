"""The ring buffer between the capture thread and the worker: one writer, one reader, loss counted.

Positions are stream time: a sample's index since the stream began, lost samples included, so a gap
takes its place without taking memory's contents seriously. Who may call what:

    writer: write, skip, tell, close, room, awaited     (the capture thread)
    reader: pace, read, await_position, abandon, arrival, mark, condition, starved   (the worker)

The order that makes it safe without a lock. The writer announces in `_reserved` what it is about to
overwrite, copies, then publishes in `_written`. The reader copies, then looks at `_reserved` again: if
the writer had announced any of what was copied, the copy may be torn and is thrown away. Each field has
one writing thread; under CPython's interpreter lock a field's store is seen after the copy before it.
A live writer never waits: it overwrites the oldest, and the reader counts what it was too late for.
A waiting writer (recordings, pipes) sleeps until the reader has made room.
"""

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple, TypeVar

import numpy as np

from stream.records import AudioBlock, Condition, Gap, Samples
from stream.words import LossCause

_NEVER = 1 << 62
_position = attrgetter("position")
_Piece = TypeVar("_Piece", AudioBlock, Gap)
_MOST_MARKS = 128  # blocks whose time is remembered: 2.5 s of a telephone's
_CATCH_UP = 8  # a lapped reader goes on this fraction of the ring behind the writer's next overwrite


class RingAbandoned(Exception):  # noqa: N818 - a signal to the writer, not an error
    """The reader has gone; the writer should end."""


class Mark(NamedTuple):
    """The writer's last step, as one value so that its parts fit together."""

    position: int  # samples since the stream began, lost ones counted
    skipped: Mapping[LossCause, int]  # of these, in gaps
    when: float  # time.monotonic of this step
    heard: float  # time.monotonic of the last step that brought samples


class Ring:
    """`capacity` samples of one stream. `wake` is called by the writer when the awaited position is there."""

    def __init__(self, capacity: int, *, live: bool, wake: Callable[[], None]) -> None:
        self._memory = np.zeros(capacity, np.int16)
        self._capacity = capacity
        self.live = live  # whether the writer never waits
        self.pace = 1  # samples: the reader awaits multiples of it, as long as nothing is lost
        self._wake = wake
        self._gaps: deque[Gap] = deque()  # announced by the writer, not yet passed by the reader
        self._reserved = 0  # writer: everything before this may be overwritten or being written
        self._written = 0  # writer: everything before this is there, or a gap
        self._skipped: Mapping[LossCause, int] = {}  # writer: samples in gaps so far; replaced whole
        self._marks = deque(  # writer
            [Mark(0, self._skipped, time.monotonic(), time.monotonic())], maxlen=_MOST_MARKS
        )
        self._condition = Condition()  # writer
        self._closed = False  # writer: nothing follows
        self._broken = False  # writer: what follows was never captured
        self._read = 0  # reader: everything before this has been dealt with
        self._awaited = _NEVER  # reader sets, writer clears: call wake when written reaches it
        self._abandoned = False  # reader: will not read again
        self._room = threading.Event()

    # The writer's side.

    def write(self, samples: Samples, *, when: float | None = None) -> None:
        """Append samples (int16[n], or any integers in its range). Live: overwrites; else waits for room.

        `when` (time.monotonic) they came, if that was not just now.
        """
        largest = self._capacity // 2
        if 0 < samples.size <= largest:
            self._append(samples, when)
            return
        for at in range(0, samples.size, largest):
            self._append(samples[at : at + largest], when)

    def skip(self, length: int, *, cause: LossCause, estimated: bool) -> None:
        """Say that `length` samples (at least 1) are missing here."""
        self._gaps.append(Gap(self._written, length, cause, estimated))
        self._skipped = {**self._skipped, cause: self._skipped.get(cause, 0) + length}
        self._publish(self._written + length, time.monotonic(), self._marks[-1].heard)

    def tell(self, condition: Condition) -> None:
        """Say how the source is; the reader is woken where that is news."""
        news = condition.state != self._condition.state
        self._condition = condition
        if news:
            self._wake()

    def close(self, *, broken: str | None = None) -> None:
        """Say that nothing follows; `broken`: why the source failed, where the stream was not simply over."""
        if broken is not None:
            self._condition = replace(self._condition, state="failed", cause=broken)
            self._broken = True
        self._closed = True
        self._wake()

    @property
    def room(self) -> int:
        """Samples that a waiting writer can write now without waiting."""
        return self._capacity - (self._written - self._read)

    def _append(self, samples: Samples, when: float | None) -> None:
        start, end = self._written, self._written + samples.size
        if not self.live:
            self._await_room(end)
        self._reserved = end  # before memory is touched: see above
        at = start % self._capacity
        head = self._capacity - at
        if samples.size <= head:
            self._memory[at : at + samples.size] = samples
        else:
            self._memory[at:] = samples[:head]
            self._memory[: samples.size - head] = samples[head:]
        when = time.monotonic() if when is None else when
        self._publish(end, when, when)

    def _publish(self, end: int, when: float, heard: float) -> None:
        self._marks.append(Mark(end, self._skipped, when, heard))
        self._written = end
        if end >= self._awaited:
            self._awaited = _NEVER
            self._wake()

    def _await_room(self, end: int) -> None:
        while end - self._capacity > self._read:
            if self._abandoned:
                raise RingAbandoned
            self._room.clear()
            if end - self._capacity > self._read and not self._abandoned:  # again: it may have come meanwhile
                self._room.wait()

    # The reader's side.

    def read(self, limit: int) -> AudioBlock | Gap | None:
        """What comes next, at most `limit` samples of it, as a copy; None where nothing more is there yet."""
        start, end = self._read, min(self._read + limit, self._written)
        if start >= end:
            return None
        gap = self._gaps[0] if self._gaps else None
        if gap is not None and gap.start == start:
            self._gaps.popleft()
            return self._advance(gap)
        if gap is not None:
            end = min(end, gap.start)
        if self._oldest() > start:
            return self._advance(self._lapped(start, gap))
        samples = self._copy(start, end)
        if self._oldest() > start:  # overwritten while it was copied
            return self._advance(self._lapped(start, gap))
        return self._advance(AudioBlock(start, samples))

    def await_position(self, position: int) -> bool:
        """True where `position` has been written or nothing follows; else `wake` will be called then."""
        self._awaited = position
        if self._written < position and not self._closed:
            return False
        self._awaited = _NEVER
        return True

    def abandon(self) -> None:
        """Say that nothing will be read again, so that a waiting writer ends."""
        self._abandoned = True
        self._room.set()

    @property
    def position(self) -> int:
        """Where the reader stands: samples since the stream began."""
        return self._read

    @property
    def mark(self) -> Mark:
        """Where the writer stands."""
        return self._marks[-1]

    @property
    def condition(self) -> Condition:
        """How the source says that it is."""
        return self._condition

    @property
    def awaited(self) -> int:
        """The position that the reader waits for; where it has got behind, one that was written long ago."""
        return self._awaited if self._awaited != _NEVER else 0

    @property
    def starved(self) -> bool:
        """The reader has dealt with all it can, and waits for more."""
        return self._awaited != _NEVER

    @property
    def exhausted(self) -> bool:
        """Closed, and everything read."""
        return self._closed and self._read >= self._written

    @property
    def broken(self) -> bool:
        """Closed because the source failed."""
        return self._broken

    def arrival(self, position: int, rate: int) -> float:
        """When (time.monotonic) the sample before `position` came: with its block, however many came at once.

        Further back than the last blocks it is reckoned from the oldest of them and the rate; what has not come
        yet counts as come with the last.
        """
        last = self._marks[-1]
        if len(self._marks) > 1 and self._marks[-2].position < position:  # usual: the last block completes a window
            return last.when
        marks = tuple(self._marks)
        at = min(bisect_left(marks, position, key=_position), len(marks) - 1)
        return marks[at].when - (max(marks[0].position - position, 0) / rate if at == 0 else 0.0)

    def _oldest(self) -> int:
        return self._reserved - self._capacity

    def _lapped(self, start: int, gap: Gap | None) -> Gap:
        resume = min(self._oldest() + self._capacity // _CATCH_UP, self._written)
        if gap is not None:
            resume = min(resume, gap.start)  # the gap is announced as itself
        return Gap(start, resume - start, "lapped", estimated=False)

    def _copy(self, start: int, end: int) -> Samples:
        at, size = start % self._capacity, end - start
        beyond = at + size - self._capacity
        if beyond <= 0:
            return self._memory[at : at + size].copy()
        return np.concatenate([self._memory[at:], self._memory[:beyond]])

    def _advance(self, piece: _Piece) -> _Piece:
        self._read = piece.end
        if not self.live:  # nobody waits for room in a live ring
            self._room.set()
        return piece
