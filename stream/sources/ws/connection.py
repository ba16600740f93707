"""What a connection brings, from its first message to its end: raw PCM, or a call of Twilio's."""

import asyncio
import hmac
import itertools
import typing
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qsl

import msgspec
import numpy as np
import numpy.typing as npt
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from models import GenderstreamError, UnusableError
from stream.ring import RingAbandoned
from stream.sources import InputSettings, Intake, g711
from stream.sources.channels import ChannelWriter
from stream.sources.pcm import Pcm
from stream.sources.ws.door import MOST_CONNECTIONS
from stream.sources.ws.twilio import Call

FIRST_SECONDS = 10.0  # that the first message may take
MOST_RATE = MOST_CONNECTIONS * 48_000  # Hz, of all streams together: their rings are 250 MB
_MOST_REASON = 123  # bytes: what fits a close frame
_TURN = 16  # messages that one connection may have heard before the others have their turn
_QUERY = {"rate": "rate", "format": "format", "channels": "pcm_channels", "stream": "stream"}
_BROKEN = (CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_DATA, CloseCode.MESSAGE_TOO_BIG)  # says the library

_Messages = AsyncIterator[bytes | str]


class _RefusedError(Exception):
    """A connection is closed with `code`; `cause` is what is counted."""

    def __init__(self, cause: str, code: int, reason: str) -> None:
        super().__init__(reason)
        self.cause, self.code = cause, code


class Connections:
    """Hears the connections of the source `name`."""

    def __init__(self, name: str, settings: InputSettings, intake: Intake) -> None:
        self._name, self._settings, self._intake = name, settings, intake
        self._rate = 0  # Hz, of all streams together

    async def hear(self, connection: ServerConnection) -> None:
        """Hear `connection` to its end; say why where it is refused."""
        try:
            await self._hear(connection)
        except _RefusedError as error:
            self._intake.refuse(self._name, error.cause)
            await connection.close(error.code, _plain(str(error)))
        except UnusableError as error:
            self._intake.refuse(self._name, "not audio")
            await connection.close(CloseCode.INVALID_DATA, _plain(str(error)))
        except GenderstreamError as error:
            self._intake.say(f"{self._name}: {error}")
            await connection.close(CloseCode.INTERNAL_ERROR)

    async def _hear(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = dict(parse_qsl(connection.request.path.partition("?")[2], keep_blank_values=True))
        header = "".join(connection.request.headers.get_all("Authorization")).removeprefix("Bearer ")
        token = query.pop("token", header)
        settings = _format(query, self._settings)
        messages = _messages(connection, settings.ws_idle)
        first = await anext(messages, None)
        if isinstance(first, bytes):
            self._check_token(token)
            await self._hear_pcm(first, messages, settings)
        elif first is not None:
            await self._hear_call(first, messages, token)

    async def _hear_pcm(self, first: bytes, messages: _Messages, settings: InputSettings) -> None:
        try:
            pcm = Pcm("this connection", settings)
        except UnusableError as error:
            raise _RefusedError("unusable format", CloseCode.UNSUPPORTED_DATA, str(error)) from error
        frames = pcm.frames(first)
        streams = settings.pcm_channels if settings.channels == "split" else 1
        with self._reserved(streams * settings.rate):
            writer = ChannelWriter(
                self._intake, settings.stream or "ws", settings,
                channels=settings.pcm_channels, rate=settings.rate, live=False, timed=True,
            )  # fmt: skip
            with writer, suppress(RingAbandoned):  # which says that the daemon is ending
                await _write(writer, frames)
                async for message in messages:
                    if isinstance(message, str):
                        raise UnusableError("a text message came where raw PCM is binary")
                    await _write(writer, pcm.frames(message))
        if pcm.leftover:
            self._intake.refuse(self._name, "part of a frame")

    async def _hear_call(self, first: str, messages: _Messages, token: str) -> None:
        call = Call(
            lambda parameter: self._check_token(token or parameter),
            lambda name: self._intake.open(name, rate=g711.SAMPLE_RATE, live=True, timed=True),
        )
        try:
            with self._reserved(2 * g711.SAMPLE_RATE), call:
                call.hear(first)
                async for message in messages:
                    if isinstance(message, bytes):
                        raise UnusableError("a binary message came where Twilio's are text")
                    call.hear(message)
                    if call.ended:
                        return
        finally:
            if call.late:
                self._intake.refuse(self._name, "late message", call.late)

    def _check_token(self, token: str) -> None:
        wanted = self._settings.ws_token
        if wanted and not hmac.compare_digest(token.encode(errors="replace"), wanted.encode()):
            raise _RefusedError("wrong token", CloseCode.POLICY_VIOLATION, "the token is missing or wrong")

    @contextmanager
    def _reserved(self, rate: int) -> Iterator[None]:
        if self._rate + rate > MOST_RATE:
            reason = f"the streams that are open have {self._rate} Hz together, of {MOST_RATE}: try again later"
            raise _RefusedError("too many streams", CloseCode.TRY_AGAIN_LATER, reason)
        self._rate += rate
        try:
            yield
        finally:
            self._rate -= rate


async def _messages(connection: ServerConnection, idle: float) -> _Messages:
    """Messages until the connection ends. Raises _RefusedError where it is silent, or sends what is no message."""
    patience = FIRST_SECONDS
    for number in itertools.count(1):
        try:
            async with asyncio.timeout(patience):
                message = await connection.recv()
        except TimeoutError as error:
            reason = f"nothing came for {patience:g} s"
            raise _RefusedError("silent connection", CloseCode.POLICY_VIOLATION, reason) from error
        except ConnectionClosed as error:
            if error.sent and error.sent.code in _BROKEN:
                raise _RefusedError("broken message", error.sent.code, error.sent.reason) from error
            return
        yield message
        patience = idle
        if number % _TURN == 0:
            await asyncio.sleep(0)


async def _write(writer: ChannelWriter, frames: npt.NDArray[np.int16]) -> None:
    """Write at once where there is room; else wait for it where that holds up nobody."""
    if all(ring.room >= len(frames) for ring in writer.rings):
        writer.write(frames)
    else:
        await asyncio.to_thread(writer.write, frames)


def _format(query: dict[str, str], settings: InputSettings) -> InputSettings:
    """`settings` with what the client's URL says. Raises _RefusedError where that is no format."""
    hints = typing.get_type_hints(InputSettings, include_extras=True)
    changes = {}
    for key, value in query.items():
        try:
            changes[_QUERY[key]] = msgspec.convert(value, hints[_QUERY[key]], strict=False)
        except KeyError as error:
            reason = f"{key} is unknown: expected {', '.join(_QUERY)} or token"
            raise _RefusedError("unusable format", CloseCode.UNSUPPORTED_DATA, reason) from error
        except msgspec.ValidationError as error:
            reason = f"{key} is {value!r}: {str(error)[:1].lower() + str(error)[1:]}"
            raise _RefusedError("unusable format", CloseCode.UNSUPPORTED_DATA, reason) from error
    return msgspec.structs.replace(settings, **changes)


def _plain(reason: str) -> str:
    """As much of `reason` as fits a close frame, without what would play tricks on a terminal."""
    printable = "".join(c if c.isprintable() else "?" for c in reason[:_MOST_REASON])
    return printable.encode()[:_MOST_REASON].decode(errors="ignore")
