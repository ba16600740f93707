"""One stream's audio through all restarts of its device: gaps by the clock, what is wrong, when to give up."""

import time
from collections import deque
from dataclasses import replace

import numpy as np

from models import GenderstreamError
from stream.capture.clock import CaptureClock
from stream.capture.wire import Block, Device, Hears, Lost, Opened, Packet, Refused
from stream.records import Condition
from stream.sources import Intake
from stream.sources.channels import ChannelWriter
from stream.words import WARNING

OPENING_SECONDS = 10.0
"""Until a device must be found, and until its first block: some take seconds."""

_STALL_SECONDS = 2.5  # without a block, once there was one
_FLOOD, _FLOOD_SECONDS = 0.25, 2.0  # overflows at this share of the blocks within so many seconds are no mishaps
_DELAYS = (0.25, 0.5, 1.0, 2.0, 5.0)  # seconds before each new attempt; the last one stays
_PROVEN_SECONDS = 10.0  # of audio, after which the next loss is tried again at once
_HOPELESS_SECONDS = 60.0  # without audio: failed, though attempts go on
_USUALLY_LATER_SECONDS = 0.002  # than at the earliest; who wakes before a block is there, wakes once more
_MOST_LEISURE_SECONDS = 0.5
_ZEROS_SECONDS, _MOST_ZEROS_SECONDS = 60.0, 3600.0  # of nothing else: a device that hangs, or is muted; see _mind_zeros
_TELL_SECONDS = 5.0  # how often the drift is told


class DeviceLost(Exception):  # noqa: N818 - what it says is the cause
    """The capture process is of no use any more."""


class Hearing:
    """Takes the packets of one capture process after another, and writes one stream."""

    def __init__(self, writer: ChannelWriter, device: Device, intake: Intake) -> None:
        self._writer, self._device, self._intake = writer, device, intake
        self._clock = CaptureClock(device.rate)
        self._condition = Condition()
        self._overflows: deque[float] = deque()  # when the last ones came
        self._source: str | None = None  # of the sound server
        self._lost_at: float | None = None  # when audio last came, while it does not
        self._attempt = 0
        self._zeros_patience = _ZEROS_SECONDS
        self._told = 0.0
        self._begin()

    @property
    def delay(self) -> float:
        """Seconds to wait before the next attempt."""
        return _DELAYS[min(self._attempt, len(_DELAYS)) - 1]

    @property
    def leisure(self) -> float:
        """Seconds for which blocks may be left in the pipe, since nobody waits for them; none where there are many."""
        due = self._clock.due(self._writer.missing) + _USUALLY_LATER_SECONDS
        return min(due - time.monotonic(), _MOST_LEISURE_SECONDS)

    def go_on(self) -> None:
        """A new process is about to start. Stream time has gone on meanwhile."""
        if missing := self._clock.miss(time.monotonic()):
            self._writer.skip(missing)
        self._begin()

    def take(self, packet: Packet | None) -> None:
        """Go on with what came; None: nothing did. Raises DeviceLost, and GenderstreamError if it never opened."""
        match packet:
            case Block():
                self._hear(packet)
            case Hears(source):
                self._compare(source)
            case Device():
                self._last = time.monotonic()
            case Opened():
                self._open()
            case Lost(cause):
                raise DeviceLost(cause)
            case Refused(cause) if self._condition.restarts:
                raise DeviceLost(cause)
            case Refused(cause):
                raise GenderstreamError(
                    f"{cause}: is another program using it? `genderstream devices` lists the others"
                )
            case None:
                patience = OPENING_SECONDS if self._first is None else _STALL_SECONDS
                if time.monotonic() - self._last > patience:
                    raise DeviceLost(f"no audio for {patience:g} s")

    def lose(self, cause: str) -> None:
        """Nothing comes any more: say so once, and once more when that has lasted."""
        now = time.monotonic()
        if self._first is not None and now - self._first > _PROVEN_SECONDS:
            self._attempt = 0
        self._attempt += 1
        if self._lost_at is None:
            self._lost_at = self._last
            self._say(WARNING, f"lost ({cause}); trying again")
        hopeless = now - self._lost_at > _HOPELESS_SECONDS
        if hopeless and self._condition.state != "failed":
            self._say(WARNING, f"not back after {_HOPELESS_SECONDS:g} s ({cause}); trying on")
        self._tell(
            replace(
                self._condition, state="failed" if hopeless else "recovering", cause=cause,
                restarts=self._condition.restarts + 1, drift_ppm=None,
            )
        )  # fmt: skip

    def _begin(self) -> None:
        self._first: float | None = None  # arrival of this process's first block
        self._last = time.monotonic()  # of the last block's arrival, or since when one is awaited
        self._zeros_at: float | None = None  # when the first of nothing but zeros came
        self._next = 0  # index of the next block's first frame, if none was thrown away
        self._overflows.clear()

    def _hear(self, block: Block) -> None:
        frames = np.frombuffer(block.content, np.int16).reshape(-1, self._device.channels)
        anew = self._first is None
        missing = self._clock.skip(block.first - self._next)
        lossy = block.overflow or (anew and self._condition.restarts > 0)
        missing += self._clock.hear(block.when, len(frames), lossy=lossy)
        if missing:
            self._writer.skip(missing)
        self._writer.write(frames, when=block.when)
        if anew:  # not before there is audio: whoever looks then would find that none has come for long
            self._welcome(block.when)
        self._next, self._last = block.first + len(frames), time.monotonic()
        if block.when - self._told > _TELL_SECONDS:
            self._tell(replace(self._condition, drift_ppm=self._clock.drift_ppm))
        if block.overflow:
            self._count_overflow(block.when, len(frames) / self._device.rate)
        self._mind_zeros(bool(frames.any()), block.when)

    def _mind_zeros(self, sound: bool, when: float) -> None:
        """Give the device up after a minute of nothing but zeros: some hang so. One that is muted loses little by it.

        The next time only after twice as long, and so on, up to an hour.
        """
        if sound:
            self._zeros_at, self._zeros_patience = None, _ZEROS_SECONDS
        elif self._zeros_at is None:
            self._zeros_at = when
        elif when - self._zeros_at >= (patience := self._zeros_patience):
            self._zeros_at, self._zeros_patience = None, min(2.0 * patience, _MOST_ZEROS_SECONDS)
            raise DeviceLost(f"nothing but zeros for {patience:g} s")

    def _open(self) -> None:
        self._last = time.monotonic()
        if not self._condition.restarts:
            device = self._device
            self._intake.say(f"listening to {device.name} ({device.channels} channels, {device.rate} Hz)")

    def _welcome(self, when: float) -> None:
        """The process's first block is written."""
        self._first = when
        if self._lost_at is not None:
            self._say("", f"heard again, after {when - self._lost_at:.1f} s")
            self._lost_at = None
        self._tell(replace(self._condition, state="capturing", cause=None))

    def _compare(self, source: str) -> None:
        if self._source is not None and source != self._source:
            self._say(WARNING, f"is {source} now, and was {self._source}")
        self._source = source

    def _count_overflow(self, when: float, seconds: float) -> None:
        """One more, before a block of so many seconds."""
        self._tell(replace(self._condition, overflows=self._condition.overflows + 1))
        self._overflows.append(when)
        while when - self._overflows[0] >= _FLOOD_SECONDS:
            self._overflows.popleft()
        if len(self._overflows) * seconds >= _FLOOD * _FLOOD_SECONDS:
            raise DeviceLost(f"{len(self._overflows)} overflows within {when - self._overflows[0]:.1f} s")

    def _tell(self, condition: Condition) -> None:
        self._condition, self._told = condition, time.monotonic()
        self._writer.tell(condition)

    def _say(self, mark: str, line: str) -> None:
        self._intake.say(f"{mark}{self._device.name}: {line}")
