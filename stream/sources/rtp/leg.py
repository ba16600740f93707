"""One sender's packets in order: sequence numbers say what is missing, timestamps how long it was.

Packets that come in order are passed on at once: the buffer costs no time while nothing is missing. Behind a
hole they are held until it fills, for `wait` seconds or _MOST_HELD packets at the most; then the hole is a
gap, as long as the timestamps say. What the sender left out on purpose (its sequence has no hole: silence
suppression, telephone events) is silence. Nothing that a packet claims moves time by more than `pause`.
"""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from stream.records import Samples
from stream.sources.switchboard import FASTEST, MOST_AHEAD_SECONDS
from stream.words import LossCause

MOST_HELD = 64  # packets
MOST_LATE = 100  # packets: what is further behind is a sender that began again (RFC 3550, MAX_MISORDER)
MOST_LOST = 3000  # packets: what is further ahead is the same (MAX_DROPOUT)
MOST_SILENCE_SECONDS = 5.0  # that may come at once, besides what the clock allows
_SEQUENCES, _TIMESTAMPS = 1 << 16, 1 << 32


class Writer(Protocol):
    """Where samples go: a ring, or a ChannelWriter for several channels."""

    def write(self, samples: Samples, *, when: float | None = None) -> None:
        """Append samples, which came at `when` (time.monotonic)."""

    def skip(self, length: int, *, cause: LossCause, estimated: bool) -> None:
        """`length` frames are missing here."""


class Packet(NamedTuple):
    """A packet that came in."""

    sequence: int  # 0 to 65535
    timestamp: int  # 0 to 2^32 - 1
    samples: Samples | None  # int16[n], or [n, channels] of several; None: no audio

    def kept(self) -> "Packet":
        """The same, in memory of its own."""
        return self if self.samples is None else self._replace(samples=self.samples.copy())


class Leg:
    """Puts packets in order and writes their samples. `rate` in Hz, `wait` and `pause` in seconds."""

    def __init__(
        self, writer: Writer, first: Packet, *, rate: int, wait: float, pause: float, now: float,
        late: Callable[[], None] = lambda: None, early: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`late` is called for each packet that came twice or too late, `early` for each faster than it sounds."""
        self._writer, self._rate, self._wait, self._late, self._early = writer, rate, wait, late, early
        self._most_jump = round(pause * rate)
        self._hole = False  # whether packets are missing since the last audio
        self._next = first.sequence  # the sequence number that comes next
        self._due = first.timestamp  # the timestamp that comes next
        self._held: dict[int, tuple[Packet, float]] = {}  # by sequence number, with when it came
        self._suspect: int | None = None  # what would follow a packet that was out of all order
        self._began = self.heard = now  # time.monotonic of the first and the last packet
        self._silenced = 0  # samples of silence written so far
        self._left = round(MOST_AHEAD_SECONDS * rate)  # samples that may come before the clock is asked again
        self._asked = now  # time.monotonic when it was

    def take(self, packet: Packet, now: float) -> None:
        """Go on with a packet that came at `now` (time.monotonic). Its samples may be a view."""
        sequence, timestamp, samples = packet
        if sequence == self._next and timestamp == self._due and samples is not None and not self._held:
            self._next = (sequence + 1) % _SEQUENCES  # nearly always: nothing more to think about
            self._due = (timestamp + len(samples)) % _TIMESTAMPS
            self._hole = False
            self.heard = now
            self._write(samples, now)
        else:
            self._sort(packet, now)

    def _sort(self, packet: Packet, now: float) -> None:
        """Go on with a packet that is not what was expected."""
        ahead = (packet.sequence - self._next) % _SEQUENCES
        if ahead == 0:
            self._pass_on(packet, now, lost=False)
            if self._held:
                self._release(now)
        elif ahead <= MOST_LOST:
            self._hold(packet, now)
        elif ahead >= _SEQUENCES - MOST_LATE:
            self._late()
        elif packet.sequence == self._suspect:
            self._restart(packet, now)
        else:  # one packet alone may be anything
            self._suspect = (packet.sequence + 1) % _SEQUENCES
            self._late()
        self.heard = now

    @property
    def waits(self) -> bool:
        """Whether packets are held behind a hole."""
        return bool(self._held)

    def tick(self, now: float) -> float:
        """Give up a hole that has been waited for long enough at `now`. When the next one will be."""
        while self._held:
            due = min(came for _, came in self._held.values()) + self._wait
            if due > now:
                return due
            self._give_up(now)
        return math.inf

    def finish(self, now: float) -> None:
        """Nothing follows: pass on what is held."""
        while self._held:
            self._give_up(now)

    def _hold(self, packet: Packet, now: float) -> None:
        if packet.sequence in self._held:
            self._late()
            return
        self._held[packet.sequence] = packet.kept(), now
        if len(self._held) > MOST_HELD:
            self._give_up(now)

    def _give_up(self, now: float) -> None:
        """Go on behind the hole."""
        sequence = min(self._held, key=lambda held: (held - self._next) % _SEQUENCES)
        self._pass_on(self._held.pop(sequence)[0], now, lost=True)
        self._release(now)

    def _release(self, now: float) -> None:
        """Pass on what follows without a hole."""
        while self._next in self._held:
            self._pass_on(self._held.pop(self._next)[0], now, lost=False)

    def _restart(self, packet: Packet, now: float) -> None:
        """The sender numbers from elsewhere: how much is missing only the clock can tell."""
        self.finish(now)
        self._suspect = None
        self._skip_by_clock(now)
        self._due = packet.timestamp
        self._pass_on(packet, now, lost=False)

    def _pass_on(self, packet: Packet, now: float, *, lost: bool) -> None:
        self._next = (packet.sequence + 1) % _SEQUENCES
        self._hole |= lost
        if packet.samples is None:
            return
        jump = (packet.timestamp - self._due + _TIMESTAMPS // 2) % _TIMESTAMPS - _TIMESTAMPS // 2
        if jump > self._most_jump:
            self._skip_by_clock(now)
        elif jump > 0 and (self._hole or not self._affords(jump, now)):
            self._writer.skip(jump, cause="network", estimated=False)
        elif jump > 0:
            self._write_silence(jump, packet.samples.shape[1:], now)
        self._write(packet.samples, now)  # where time went back, too: its audio is new
        self._hole = False
        self._due = (packet.timestamp + len(packet.samples)) % _TIMESTAMPS

    def _write(self, samples: Samples, now: float) -> None:
        """Write what a packet brought, unless its sender floods us."""
        self._left -= len(samples)
        if self._left < 0:
            ahead = MOST_AHEAD_SECONDS * self._rate
            self._left = min(self._left + round((now - self._asked) * self._rate * FASTEST), round(ahead))
            self._asked = now
        if self._left < 0:
            self._left += len(samples)
            self._writer.skip(len(samples), cause="network", estimated=False)
            self._early()
        else:
            self._writer.write(samples, when=now)

    def _skip_by_clock(self, now: float) -> None:
        elapsed = round(min(now - self.heard, self._most_jump / self._rate) * self._rate)
        self._writer.skip(max(elapsed, 1), cause="network", estimated=True)

    def _affords(self, silence: int, now: float) -> bool:
        """Whether the clock allows so much silence: else a few packets could ask for hours of it."""
        allowed = (now - self._began + MOST_SILENCE_SECONDS) * self._rate
        return silence <= MOST_SILENCE_SECONDS * self._rate and self._silenced + silence <= allowed

    def _write_silence(self, length: int, channels: tuple[int, ...], now: float) -> None:
        self._silenced += length
        self._writer.write(np.zeros((length, *channels), np.int16), when=now)
