"""AudioSocket, Asterisk's TCP protocol: `audiosocket://HOST:PORT`; every connection is a call's leg.

A message is a byte that says its kind, two with its length (big-endian), and so many more: first the call's
UUID, then audio, until the call is hung up. Nothing is sent back.
"""

import math
import socket
import time
from functools import partial
from uuid import UUID

import numpy as np

from stream.memory import NoMemoryError
from stream.ring import Ring
from stream.sources import InputSettings, Intake
from stream.sources.channels import MOST_NAME, check_format
from stream.sources.descriptors import allow_connections, is_one_too_many, too_many
from stream.sources.switchboard import FASTEST, MOST_AHEAD_SECONDS, Switchboard, bind, split_address, where

TERMINATE, IDENTIFY, DTMF, ERROR = 0x00, 0x01, 0x03, 0xFF
RATES = {
    0x10: 8000, 0x11: 12_000, 0x12: 16_000, 0x13: 24_000, 0x14: 32_000, 0x15: 44_100, 0x16: 48_000, 0x17: 96_000,
    0x18: 192_000,
}  # fmt: skip
"""Hz of each kind of audio; 16 bits, little-endian, mono."""

_HEADER_BYTES = 3
_PIECE_BYTES = 1 << 16  # that a connection may bring a tick: more waits in the kernel, and then the sender
_BACKLOG = 128
_ANSWER_SECONDS = 10.0  # from its beginning, within which a connection must bring audio
_IDLE_SECONDS = 60.0  # without a byte, after which a connection is given up
_LOOK_SECONDS = 1.0  # between two looks for connections that say nothing, and until accepting is tried again


class RefusedError(Exception):
    """A connection is hung up; `cause` is what is counted."""

    def __init__(self, cause: str, why: str) -> None:
        super().__init__(why)
        self.cause = cause


def open_source(source: str, settings: InputSettings) -> "AudioSocketPort":
    """`audiosocket://HOST:PORT`."""
    return AudioSocketPort(source, settings)


class AudioSocketPort:
    """A Port for AudioSocket over TCP."""

    def __init__(self, source: str, settings: InputSettings) -> None:
        url = split_address(source, "audiosocket://127.0.0.1:9092")
        check_format(source, rate=8000, channels=1, choice=settings.channels)
        self._settings = settings
        self._socket = bind(source, url, socket.SOCK_STREAM)
        self._socket.listen(_BACKLOG)
        allow_connections(settings.most_legs)
        self.source = where(source, self._socket)
        self._legs: dict[Connection, socket.socket] = {}
        self._look_due = 0.0
        self._accept_due = math.inf  # while nothing can be accepted
        self._piece = bytearray(_PIECE_BYTES)  # what every connection reads into

    def capture(self, intake: Intake) -> None:
        """Serve this port alone."""
        Switchboard([self]).capture(intake)

    def begin(self, board: Switchboard, intake: Intake) -> None:
        """Listen."""
        self._board, self._intake = board, intake
        board.watch(self._socket, self._accept)
        intake.say(f"listening on {self.source}")

    def tick(self, now: float) -> float:
        """Hang up connections that say nothing; accept others again."""
        if now >= self._accept_due:
            self._accept_due = math.inf
            self._board.watch(self._socket, self._accept)
        if now >= self._look_due:
            self._look_due = now + _LOOK_SECONDS
            for leg in list(self._legs):
                if now - leg.heard > _IDLE_SECONDS if leg.ring else now - leg.began > _ANSWER_SECONDS:
                    self._refuse(leg, "idle", "a connection said nothing for too long")
        return min(self._accept_due, self._look_due if self._legs else math.inf)

    def end(self) -> None:
        """End all legs."""
        for leg in list(self._legs):
            self._hang_up(leg)
        self._socket.close()

    def _accept(self) -> None:
        for _ in range(_BACKLOG):
            try:
                accepted, _ = self._socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptors, no memory: the connection stays in the queue
                self._intake.refuse(self.source, "system", why=f"a connection could not be accepted: {error.strerror}")
                self._board.forget(self._socket)
                self._accept_due = time.monotonic() + _LOOK_SECONDS
                return
            if objection := self._objection(accepted):
                cause, why = objection
                self._intake.refuse(self.source, cause, why=why)
                accepted.close()
                continue
            accepted.setblocking(False)
            leg = Connection(self._settings.stream, self._intake)
            self._legs[leg] = accepted
            self._board.watch(accepted, partial(self._read, leg))

    def _objection(self, accepted: socket.socket) -> tuple[str, str] | None:
        """Why there is no room for one more: what is counted, what is said."""
        if len(self._legs) >= self._settings.most_legs:
            return "legs", f"{self._settings.most_legs} calls at once are the most (--most-legs)"
        if is_one_too_many(accepted):
            return "descriptors", too_many()
        return None

    def _read(self, leg: "Connection") -> None:
        now = time.monotonic()
        if leg.seconds > (now - leg.began) * FASTEST + MOST_AHEAD_SECONDS:
            return  # it waits in the kernel, and its sender in turn
        try:
            count = self._legs[leg].recv_into(self._piece)
            if not count:
                self._hang_up(leg)
                return
            leg.hear(bytes(memoryview(self._piece)[:count]), now)
        except (BlockingIOError, InterruptedError):
            return
        except RefusedError as error:
            self._refuse(leg, error.cause, str(error))
        except OSError as error:
            self._refuse(leg, "broken", f"a connection broke: {error.strerror}")
        else:
            if leg.ended:
                self._hang_up(leg)

    def _refuse(self, leg: "Connection", cause: str, why: str) -> None:
        self._intake.refuse(self.source, cause, why=why)
        self._hang_up(leg)

    def _hang_up(self, leg: "Connection") -> None:
        connection = self._legs.pop(leg)
        self._board.forget(connection)
        connection.close()
        leg.close()


class Connection:
    """One call's bytes, in pieces of any size."""

    def __init__(self, prefix: str | None, intake: Intake) -> None:
        self._prefix, self._intake = prefix, intake
        self._rest = b""  # a message that is not whole yet: at most _HEADER_BYTES and 65535
        self._name: str | None = None
        self._kind = -1  # of the audio
        self.ring: Ring | None = None
        self.began = self.heard = time.monotonic()
        self.seconds = 0.0  # of audio
        self.ended = False

    def hear(self, piece: bytes, now: float) -> None:
        """Go on with what came at `now`. Raises RefusedError for what is no AudioSocket."""
        self.heard = now
        content = self._rest + piece if self._rest else piece
        at = 0
        audio: list[bytes] = []
        while not self.ended and len(content) - at >= _HEADER_BYTES:
            kind, size = content[at], content[at + 1] << 8 | content[at + 2]
            end = at + _HEADER_BYTES + size
            if len(content) < end:
                self._check(kind, size)
                break
            self._check(kind, size)
            if kind in RATES:
                audio.append(content[at + _HEADER_BYTES : end])
            else:
                self._obey(kind, content[at + _HEADER_BYTES : end])
            at = end
        self._rest = content[at:]
        if audio and self.ring:
            samples = np.frombuffer(b"".join(audio), "<i2")
            self.seconds += samples.size / RATES[self._kind]
            self.ring.write(samples, when=now)

    def close(self) -> None:
        """Nothing follows."""
        if self.ring:
            self.ring.close()
            self.ring = None

    def _check(self, kind: int, size: int) -> None:
        """Refuse what cannot be part of a call."""
        if kind in RATES:
            if self._name is None:
                raise RefusedError("malformed", "audio came before the call's UUID")
            if size % 2:
                raise RefusedError("malformed", f"audio of {size} bytes: expected whole samples of 2 bytes")
            self._open(kind)
        elif kind == IDENTIFY:
            if size != 16 or self._name is not None:
                raise RefusedError("malformed", f"a UUID of {size} bytes: expected 16, once")
        elif kind not in (TERMINATE, DTMF, ERROR):
            raise RefusedError(
                "malformed", f"a message of kind 0x{kind:02x}: expected AudioSocket, as Asterisk speaks it"
            )

    def _open(self, kind: int) -> None:
        if self.ring is None:
            assert self._name is not None
            self._kind = kind
            try:
                self.ring = self._intake.open(self._name, rate=RATES[kind], live=True, timed=True)
            except NoMemoryError as error:
                raise RefusedError("memory", str(error)) from error
        elif kind != self._kind:
            raise RefusedError("format", "a call went on at another sampling rate")

    def _obey(self, kind: int, payload: bytes) -> None:
        if kind == TERMINATE:
            self.ended = True
        elif kind == IDENTIFY:
            uuid = str(UUID(bytes=payload))
            self._name = f"{self._prefix[: MOST_NAME - 1 - len(uuid)]}-{uuid}" if self._prefix else uuid
