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
from stream.memory import NoMemoryError
from stream.ring import RingAbandoned
from stream.sources import InputSettings, Intake, g711
from stream.sources.channels import ChannelWriter
from stream.sources.pcm import Pcm
from stream.sources.ws.refusal import Refuse, RefusedError, plain
from stream.sources.ws.twilio import Call

EARLY_SECONDS = 5.0  # that a call may be ahead of the clock: half of what a ring holds
FIRST_SECONDS = 10.0  # that the first message may take
LEG_RATE = 16_000  # Hz: streams together may have as much as all legs at this rate, 0.3 MB of ring each
_TURN = 16  # messages that one connection may have heard before the others have their turn
_QUERY = {"rate": "rate", "format": "format", "channels": "pcm_channels", "stream": "stream"}
_BROKEN = (CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_DATA, CloseCode.MESSAGE_TOO_BIG)  # says the library

_Messages = AsyncIterator[bytes | str]


class Connections:
    """Hears the connections of one source."""

    def __init__(self, settings: InputSettings, intake: Intake, refuse: Refuse) -> None:
        self._settings, self._intake, self._refuse = settings, intake, refuse
        self._most_rate = settings.most_legs * LEG_RATE
        self._rate = 0  # Hz, of all streams together

    async def hear(self, connection: ServerConnection) -> None:
        """Hear `connection` to its end; say why where it is refused."""
        try:
            await self._hear(connection)
        except RefusedError as error:
            self._refuse(error.cause, why=plain(str(error)))
            await _close(connection, error.code, str(error))
        except UnusableError as error:
            self._refuse("malformed", why=plain(str(error)))
            await _close(connection, CloseCode.INVALID_DATA, str(error))
        except NoMemoryError as error:
            self._refuse("memory", why=str(error))
            await _close(connection, CloseCode.TRY_AGAIN_LATER, str(error))
        except GenderstreamError as error:
            self._intake.say(str(error))
            await _close(connection, CloseCode.INTERNAL_ERROR, "")

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
            raise RefusedError("format", CloseCode.UNSUPPORTED_DATA, str(error)) from error
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
            self._refuse("malformed", why=pcm.leftover)

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
                    if (early := call.ahead - EARLY_SECONDS) > 0:  # no call, but one that is played again
                        await asyncio.sleep(early)
        finally:
            if call.late:
                self._refuse("late", call.late, why="a call's messages came twice or too late")

    def _check_token(self, token: str) -> None:
        wanted = self._settings.ws_token
        if wanted and not hmac.compare_digest(token.encode(errors="replace"), wanted.encode()):
            raise RefusedError("token", CloseCode.POLICY_VIOLATION, "the token is missing or wrong")

    @contextmanager
    def _reserved(self, rate: int) -> Iterator[None]:
        if self._rate + rate > self._most_rate:
            reason = f"the streams that are open have {self._rate} Hz together, of {self._most_rate}: try again later"
            raise RefusedError("legs", CloseCode.TRY_AGAIN_LATER, reason)
        self._rate += rate
        try:
            yield
        finally:
            self._rate -= rate


async def _messages(connection: ServerConnection, idle: float) -> _Messages:
    """Messages until the connection ends. Raises RefusedError where it is silent, or sends what is no message."""
    patience = FIRST_SECONDS
    for number in itertools.count(1):
        try:
            async with asyncio.timeout(patience):
                message = await connection.recv()
        except TimeoutError as error:
            reason = f"nothing came for {patience:g} s"
            raise RefusedError("idle", CloseCode.POLICY_VIOLATION, reason) from error
        except ConnectionClosed as error:
            if error.sent and error.sent.code in _BROKEN:
                raise RefusedError("broken", error.sent.code, error.sent.reason) from error
            return
        yield message
        patience = idle
        if number % _TURN == 0:
            await asyncio.sleep(0)


async def _close(connection: ServerConnection, code: int, reason: str) -> None:
    """Say why, and throw away what is still under way: the client's own goodbye may stand behind it."""
    closing = asyncio.ensure_future(connection.close(code, plain(reason)))
    with suppress(ConnectionClosed):
        while True:
            await connection.recv()
    await closing


async def _write(writer: ChannelWriter, frames: npt.NDArray[np.int16]) -> None:
    """Write at once where there is room; else wait for it where that holds up nobody."""
    if all(ring.room >= len(frames) for ring in writer.rings):
        writer.write(frames)
    else:
        await asyncio.to_thread(writer.write, frames)


def _format(query: dict[str, str], settings: InputSettings) -> InputSettings:
    """`settings` with what the client's URL says. Raises RefusedError where that is no format."""
    hints = typing.get_type_hints(InputSettings, include_extras=True)
    changes = {}
    for key, value in query.items():
        try:
            changes[_QUERY[key]] = msgspec.convert(value, hints[_QUERY[key]], strict=False)
        except KeyError as error:
            reason = f"{key} is unknown: expected {', '.join(_QUERY)} or token"
            raise RefusedError("format", CloseCode.UNSUPPORTED_DATA, reason) from error
        except msgspec.ValidationError as error:
            reason = f"{key} is {value!r}: {str(error)[:1].lower() + str(error)[1:]}"
            raise RefusedError("format", CloseCode.UNSUPPORTED_DATA, reason) from error
    return msgspec.structs.replace(settings, **changes)
