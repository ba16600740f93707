"""WebSockets: raw PCM whose format is in the client's URL, or the messages of Twilio Media Streams.

The only asyncio of the house: one loop in the source's thread serves all connections. Raw PCM waits for room
in its ring, and TCP makes the sender wait; a call is live, and never waits. The daemon sends nothing back.
"""

import asyncio
import hmac
import ipaddress
import itertools
import logging
import socket
import typing
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import SplitResult, parse_qsl, urlsplit

import msgspec
import numpy as np
import numpy.typing as npt
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from models import GenderstreamError, UnusableError
from stream.ring import RingAbandoned
from stream.sources import InputSettings, Intake, g711
from stream.sources.channels import ChannelWriter
from stream.sources.pcm import Pcm
from stream.sources.twilio import Call

MOST_MESSAGE = 1 << 16  # bytes
MOST_CONNECTIONS = 256
MOST_HANDSHAKES = 64  # connections that have not said yet what they want
OPENING_SECONDS = 10.0  # that a handshake, and then the first message, may take
IDLE_SECONDS = 60.0  # that a connection may be silent
CLOSING_SECONDS = 1.0  # that a client may take to say goodbye
_MOST_REASON = 123  # bytes: what fits a close frame
_TURN = 16  # messages that one connection may take before the others have their turn
_QUERY = {"rate": "rate", "format": "format", "channels": "pcm_channels", "stream": "stream"}

_Messages = AsyncIterator[bytes | str]


class _RefusedError(Exception):
    """A connection is closed with `code`; `cause` is what is counted."""

    def __init__(self, cause: str, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.cause, self.code = cause, code


def open_source(source: str, settings: InputSettings) -> "WebSockets":
    """`ws://HOST:PORT[/PATH]`."""
    return WebSockets(source, settings)


class WebSockets:
    """A Source that ends only when the daemon does: every connection is a leg, or two."""

    def __init__(self, source: str, settings: InputSettings) -> None:
        url = _split(source)
        self._name, self._settings, self._path = source, settings, url.path.rstrip("/")
        host = url.hostname or "127.0.0.1"
        try:
            family = socket.getaddrinfo(host, url.port, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server((host, url.port or 0), family=family)
        except OSError as error:
            raise UnusableError(
                f"{source} cannot be listened on: {error.strerror}; is the port free, and the host this machine's?"
            ) from error

    def capture(self, intake: Intake) -> None:
        """Serve connections until stopping."""
        with self._socket:
            asyncio.run(self._serve(intake))

    async def _serve(self, intake: Intake) -> None:
        desk = _Desk(self._name, self._settings, self._path, intake)
        server = await serve(
            desk.answer, sock=self._socket, process_request=desk.admit, create_connection=desk.connection,
            compression=None, max_size=MOST_MESSAGE, open_timeout=OPENING_SECONDS, close_timeout=CLOSING_SECONDS,
            ping_timeout=None, server_header=None, logger=_quiet,
        )  # fmt: skip
        host, port = self._socket.getsockname()[:2]
        intake.say(f"listening on ws://{f'[{host}]' if ':' in host else host}:{port}{self._path}")
        if not ipaddress.ip_address(host).is_loopback and not self._settings.ws_token:
            intake.say(
                "whoever reaches this port may send audio: --ws-token, or a proxy with a password, keeps them out"
            )
        await asyncio.to_thread(intake.stopping.wait)
        server.close(reason="the daemon is ending")
        await asyncio.wait([asyncio.ensure_future(server.wait_closed())], timeout=2 * CLOSING_SECONDS)


def _split(source: str) -> SplitResult:
    try:
        url = urlsplit(source)
        usable = url.port is not None and not url.query and not url.fragment and not url.username
    except ValueError:
        usable = False
    if not usable:
        raise UnusableError(f"{source} is no address to listen on: expected ws://HOST:PORT, as ws://127.0.0.1:8765")
    return url


class _Desk:
    """Admits connections, and hears them to their end."""

    def __init__(self, name: str, settings: InputSettings, path: str, intake: Intake) -> None:
        self._name, self._settings, self._path, self._intake = name, settings, path, intake
        self._open = 0  # connections whose handshake is done
        self._there: set[ServerConnection] = set()  # all connections
        desk = self

        class Connection(ServerConnection):
            """One that is hung up at once where too many are there."""

            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                super().connection_made(transport)
                desk._there.add(self)
                if len(desk._there) > MOST_CONNECTIONS + MOST_HANDSHAKES:
                    desk._intake.refuse(desk._name, "too many connections")
                    self.transport.abort()

            def connection_lost(self, exc: Exception | None) -> None:
                desk._there.discard(self)
                super().connection_lost(exc)

        self.connection = Connection

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """The HTTP response to a request that is not welcome."""
        origin = request.headers.get("Origin")
        if self._path and request.path.partition("?")[0].rstrip("/") != self._path:
            return self._reject(connection, "wrong path", HTTPStatus.NOT_FOUND, f"expected the path {self._path}")
        if origin is not None and not self._settings.ws_token and not _is_local(origin):
            return self._reject(
                connection, "foreign page", HTTPStatus.FORBIDDEN,
                f"a page of {origin} may not send audio to a daemon without a token (--ws-token)",
            )  # fmt: skip
        if self._open >= MOST_CONNECTIONS:
            return self._reject(
                connection, "too many connections", HTTPStatus.SERVICE_UNAVAILABLE,
                f"{MOST_CONNECTIONS} connections are open, the most; try again later",
            )  # fmt: skip
        return None

    async def answer(self, connection: ServerConnection) -> None:
        """Hear a connection to its end."""
        self._open += 1
        try:
            await self._hear(connection)
        except _RefusedError as error:
            self._intake.refuse(self._name, error.cause)
            await connection.close(error.code, _plain(str(error)))
        except UnusableError as error:
            self._intake.refuse(self._name, "not audio")
            await connection.close(CloseCode.INVALID_DATA, _plain(str(error)))
        except GenderstreamError as error:
            self._intake.say(str(error))
            await connection.close(CloseCode.INTERNAL_ERROR)
        except ConnectionClosed:
            pass
        finally:
            self._open -= 1

    async def _hear(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = dict(parse_qsl(connection.request.path.partition("?")[2], keep_blank_values=True))
        bearer = connection.request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = query.pop("token", None) or bearer or None
        settings = _format(query, self._settings)
        messages = _messages(connection)
        first = await anext(messages)
        if isinstance(first, bytes):
            self._check_token(token)
            await self._hear_pcm(first, messages, settings)
        else:
            await self._hear_call(first, messages, token)

    async def _hear_pcm(self, message: bytes, messages: _Messages, settings: InputSettings) -> None:
        try:
            pcm = Pcm("this connection", settings)
        except UnusableError as error:
            raise _RefusedError("unusable format", CloseCode.UNSUPPORTED_DATA, str(error)) from error
        frames = pcm.frames(message)
        writer = ChannelWriter(
            self._intake, settings.stream or "ws", settings,
            channels=settings.pcm_channels, rate=settings.rate, live=False, timed=True,
        )  # fmt: skip
        with writer, suppress(ConnectionClosed, RingAbandoned):
            await _write(writer, frames)
            async for following in messages:
                if isinstance(following, str):
                    raise UnusableError("a text message came where raw PCM is binary")
                await _write(writer, pcm.frames(following))
        if pcm.leftover:
            self._intake.refuse(self._name, "part of a frame")

    async def _hear_call(self, message: str, messages: _Messages, token: str | None) -> None:
        call = Call(
            lambda parameter: self._check_token(token or parameter),
            lambda name: self._intake.open(name, rate=g711.SAMPLE_RATE, live=True, timed=True),
        )
        try:
            call.hear(message)
            async for following in messages:
                if isinstance(following, bytes):
                    raise UnusableError("a binary message came where Twilio's are text")
                call.hear(following)
                if call.ended:
                    return
        finally:
            call.close()
            if call.late:
                self._intake.refuse(self._name, "late messages", call.late)

    def _check_token(self, token: object) -> None:
        wanted = self._settings.ws_token
        if wanted and not hmac.compare_digest(str(token or "").encode(errors="replace"), wanted.encode()):
            raise _RefusedError("wrong token", CloseCode.POLICY_VIOLATION, "the token is missing or wrong")

    def _reject(self, connection: ServerConnection, cause: str, status: HTTPStatus, reason: str) -> Response:
        self._intake.refuse(self._name, cause)
        return connection.respond(status, reason + "\n")


async def _messages(connection: ServerConnection) -> _Messages:
    """Messages until the connection ends, which raises ConnectionClosed. Raises _RefusedError for a silent one."""
    patience = OPENING_SECONDS
    for number in itertools.count(1):
        try:
            async with asyncio.timeout(patience):
                message = await connection.recv()
        except TimeoutError as error:
            raise _RefusedError(
                "silent connection", CloseCode.POLICY_VIOLATION, f"nothing came for {patience:g} s"
            ) from error
        yield message
        patience = IDLE_SECONDS
        if number % _TURN == 0:
            await asyncio.sleep(0)


async def _write(writer: ChannelWriter, frames: npt.NDArray[np.int16]) -> None:
    """Write at once where there is room; else wait for it where it holds up nobody else."""
    if all(ring.room >= len(frames) for ring in writer.rings):
        writer.write(frames)
    else:
        await asyncio.to_thread(writer.write, frames)


def _format(query: dict[str, str], settings: InputSettings) -> InputSettings:
    """`settings` with what the client's URL says. Raises _RefusedError where that is no format."""
    hints = typing.get_type_hints(InputSettings, include_extras=True)
    changes = {}
    for key, value in query.items():
        if key not in _QUERY:
            expected = ", ".join([*_QUERY, "token"])
            raise _RefusedError("unusable format", CloseCode.UNSUPPORTED_DATA, f"{key} is unknown: expected {expected}")
        try:
            changes[_QUERY[key]] = msgspec.convert(value, hints[_QUERY[key]], strict=False)
        except msgspec.ValidationError as error:
            raise _RefusedError(
                "unusable format", CloseCode.UNSUPPORTED_DATA, f"{key} is {value!r}: {error}"
            ) from error
    return msgspec.structs.replace(settings, **changes)


def _is_local(origin: str) -> bool:
    try:
        host = urlsplit(origin).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _plain(reason: str) -> str:
    """As much of `reason` as fits a close frame, without what would play tricks on a terminal."""
    printable = "".join(c if c.isprintable() else "?" for c in reason[:_MOST_REASON])
    return printable.encode()[:_MOST_REASON].decode(errors="ignore")


_quiet = logging.getLogger(__name__)
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False
