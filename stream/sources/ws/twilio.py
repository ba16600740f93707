"""Twilio Media Streams: the JSON messages of one call as its legs, put in order, losses in their place.

https://www.twilio.com/docs/voice/media-streams/websocket-messages says what comes: connected, start, media
(20 ms of µ-law in base64, a track each way), mark, dtmf, stop. All but the first are numbered together.
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from models import UnusableError
from stream.ring import Ring
from stream.sources import g711
from stream.sources.channels import MOST_NAME
from stream.sources.failure import tell_failure

MOST_HELD = 16
"""Messages that wait for one that is missing: 0.16 s of both tracks. Then it is taken for lost."""

MOST_GAP_SECONDS = 60
"""A longer jump of the timestamps is none that a call makes."""

_Whole = Annotated[int, Meta(ge=0, lt=1 << 53)]


class _Format(msgspec.Struct, rename="camel"):
    encoding: str
    sample_rate: int
    channels: int = 1


class _Start(msgspec.Struct, rename="camel"):
    media_format: _Format
    call_sid: str = ""
    custom_parameters: dict[str, Any] = {}


class _Media(msgspec.Struct):
    track: Literal["inbound", "outbound"]
    payload: bytes  # base64 on the wire
    timestamp: _Whole | None = None  # ms


class _Message(msgspec.Struct, rename="camel"):
    event: str
    sequence_number: _Whole | None = None
    start: _Start | None = None
    media: _Media | None = None


_decoder = msgspec.json.Decoder(_Message, strict=False)  # numbers come as strings


class Call:
    """The messages of one connection. Streams are opened by `open_leg(name)`, and closed with the call."""

    def __init__(self, admit: Callable[[str], None], open_leg: Callable[[str], Ring]) -> None:
        """`admit` is given the start message's parameter `token`, and raises where the call is not welcome."""
        self._admit, self._open_leg = admit, open_leg
        self._order = Order()
        self._sid: str | None = None  # None: not started
        self._legs: dict[str, _Leg] = {}
        self.ended = False

    @property
    def late(self) -> int:
        """Messages left out: they came twice, or after they had been taken for lost."""
        return self._order.late

    @property
    def ahead(self) -> float:
        """Seconds of audio beyond those that have passed, in the leg where that is most."""
        now = time.monotonic()
        return max((leg.seconds - (now - leg.began) for leg in self._legs.values()), default=0.0)

    def hear(self, content: str) -> None:
        """Go on with a message. Raises UnusableError where it is none of Twilio's."""
        try:
            message = _decoder.decode(content)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            raise UnusableError(f"no message of Twilio Media Streams: {error}") from error
        if message.event == "start" and message.start and self._sid is None:
            self._begin(message.start)
            self._order.begin(message.sequence_number)
        elif self._sid is not None:
            for each in self._order.push(message):
                self._take(each)
        elif message.event != "connected":
            raise UnusableError(f"{message.event} came before start")

    def __enter__(self) -> "Call":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        """Nothing follows; an error says that the source failed."""
        try:
            for message in self._order.finish():
                self._take(message)
        finally:
            for leg in self._legs.values():
                leg.ring.close(broken=None if error is None else tell_failure(error))

    def _begin(self, start: _Start) -> None:
        self._admit(str(start.custom_parameters.get("token", "")))
        form = start.media_format
        if (form.encoding, form.sample_rate, form.channels) != ("audio/x-mulaw", g711.SAMPLE_RATE, 1):
            raise UnusableError(
                f"the call has {form.encoding} at {form.sample_rate} Hz in {form.channels} channels: "
                "expected audio/x-mulaw at 8000 Hz in 1"
            )
        self._sid = re.sub(r"[^A-Za-z0-9._-]+", "-", start.call_sid) or "twilio"

    def _take(self, message: _Message) -> None:
        if message.event == "stop":
            self.ended = True
        elif message.event == "media" and message.media and not self.ended:
            track = message.media.track
            if track not in self._legs:
                suffix = f".{track}"
                name = f"{self._sid}"[: MOST_NAME - len(suffix)] + suffix
                self._legs[track] = _Leg(self._open_leg(name), self._order.lost)
            self._legs[track].play(message.media, self._order.lost)


class _Leg:
    """One track: a stream that begins with its first media message."""

    def __init__(self, ring: Ring, lost: int) -> None:
        self.ring = ring
        self.began = time.monotonic()
        self._lost = lost  # of the call's messages, when this leg last had one
        self._due: int | None = None  # samples by the sender's clock: where the next message belongs

    @property
    def seconds(self) -> float:
        """Of audio so far, gaps included."""
        return self.ring.mark.position / g711.SAMPLE_RATE

    def play(self, media: _Media, lost: int) -> None:
        """Write the samples of `media`, after a gap where its timestamp says that some are missing.

        A gap is a whole number of messages. Timestamps may tremble: where no message is known to be missing,
        a jump counts once it is as long as one. Each is held against the one before: clocks that drift add up
        to nothing.
        """
        samples = g711.decode(media.payload, "mu")
        if not samples.size:
            return
        if media.timestamp is not None:
            at = media.timestamp * g711.SAMPLE_RATE // 1000
            late = 0 if self._due is None else max(at - self._due, 0)
            missing = (late + samples.size // 2 if lost > self._lost else late) // samples.size * samples.size
            if missing > MOST_GAP_SECONDS * g711.SAMPLE_RATE:
                raise UnusableError(f"the timestamp jumps by {late // 8} ms: expected {MOST_GAP_SECONDS} s at most")
            if missing:
                self.ring.skip(missing, cause="network", estimated=False)
            self._due = at + samples.size
        self._lost = lost
        self.ring.write(samples)


class Order:
    """Puts messages in the order of their numbers. None waits for longer than MOST_HELD others take to come."""

    def __init__(self) -> None:
        self.late = 0  # messages left out: too late, or twice
        self.lost = 0  # numbers that never came in time
        self._next: int | None = None  # None: the sender does not number its messages
        self._held: dict[int, _Message] = {}

    def begin(self, number: int | None) -> None:
        """The first message had `number`."""
        self._next = None if number is None else number + 1

    def push(self, message: _Message) -> Iterator[_Message]:
        """The messages whose turn it is."""
        number = message.sequence_number
        if self._next is None or number is None:
            yield message
        elif number < self._next or number in self._held:
            self.late += 1
        else:
            self._held[number] = message
            if len(self._held) > MOST_HELD:
                self._go_to(min(self._held))
            yield from self._due()

    def finish(self) -> Iterator[_Message]:
        """What still waits, though something is missing before it."""
        while self._held:
            self._go_to(min(self._held))
            yield from self._due()

    def _go_to(self, number: int) -> None:
        assert self._next is not None
        self.lost += number - self._next
        self._next = number

    def _due(self) -> Iterator[_Message]:
        while self._next is not None and self._next in self._held:
            self._next += 1
            yield self._held.pop(self._next - 1)
