"""WebSockets: raw PCM whose format is in the client's URL, or the messages of Twilio Media Streams.

The only asyncio of the house: one loop in the source's thread serves all connections. Raw PCM waits for room
in its ring, and TCP makes the sender wait; a call is live, and never waits. The daemon sends nothing back.
"""

import asyncio
import errno
import ipaddress
import logging
import socket
from functools import partial
from typing import Any
from urllib.parse import SplitResult, urlsplit

from websockets.asyncio.server import serve

from models import UnusableError
from stream.sources import InputSettings, Intake
from stream.sources.descriptors import allow_connections
from stream.sources.switchboard import bind, where
from stream.sources.ws.connection import Connections
from stream.sources.ws.door import MOST_HANDSHAKES, Door
from stream.sources.ws.refusal import Refuse

MOST_MESSAGE = 1 << 16  # bytes
MOST_QUEUED = 4  # messages of a connection that nobody has looked at yet
MOST_WAITING = 1 << 16  # bytes of a connection that the kernel keeps
OPENING_SECONDS = 10.0  # that a handshake may take
BACKLOG = 128  # connections that the kernel keeps until they are accepted
AT_ONCE = 1  # accepted before it is looked at: a burst must not take the descriptors that are kept for others
CLOSING_SECONDS = 1.0  # that a client may take to say goodbye


def open_source(source: str, settings: InputSettings) -> "WebSockets":
    """`ws://HOST:PORT[/PATH]`."""
    return WebSockets(source, settings)


class WebSockets:
    """A Source that ends only when the daemon does: every connection is a leg, or two."""

    def __init__(self, source: str, settings: InputSettings) -> None:
        url = _split(source)
        self._settings, self._path = settings, url.path.rstrip("/")
        self._socket = bind(source, url, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MOST_WAITING)  # connections inherit it
        allow_connections(settings.most_legs + MOST_HANDSHAKES)
        self.source = where(source, self._socket)

    def capture(self, intake: Intake) -> None:
        """Serve connections until stopping."""
        with self._socket:
            asyncio.run(self._serve(intake))

    async def _serve(self, intake: Intake) -> None:
        refuse = partial(intake.refuse, self.source)
        door = Door(self._settings, self._path, refuse)
        connections = Connections(self._settings, intake, refuse)
        asyncio.get_running_loop().set_exception_handler(partial(_meet_failure, refuse))
        server = await serve(
            connections.hear, sock=self._socket, process_request=door.admit, create_connection=door.connection,
            compression=None, max_size=MOST_MESSAGE, max_queue=MOST_QUEUED, server_header=None, logger=_log,
            open_timeout=OPENING_SECONDS, close_timeout=CLOSING_SECONDS, ping_timeout=None,
            backlog=AT_ONCE,
        )  # fmt: skip
        self._socket.listen(BACKLOG)
        intake.say(f"listening on {self.source}{self._path}")
        if not ipaddress.ip_address(self._socket.getsockname()[0]).is_loopback and not self._settings.ws_token:
            intake.say("whoever reaches this port may send audio: give --ws-token, or let a proxy keep them out")
        await asyncio.to_thread(intake.stopping.wait)
        server.close(reason="the daemon is ending")
        await asyncio.wait([asyncio.ensure_future(server.wait_closed())], timeout=2 * CLOSING_SECONDS)


def _meet_failure(refuse: Refuse, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Where a connection could not be accepted it waits, and asyncio tries again after a second."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in _EXHAUSTED:
        refuse("system", why=f"a connection could not be accepted: {error.strerror}")
    else:
        loop.default_exception_handler(context)


def _split(source: str) -> SplitResult:
    try:
        url = urlsplit(source)
        usable = url.port is not None and not url.query and not url.fragment and not url.username
    except ValueError:
        usable = False
    if not usable:
        raise UnusableError(f"{source} is no address to listen on: expected ws://HOST:PORT, as ws://127.0.0.1:8765")
    return url


_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_log = logging.getLogger(__name__)
_log.addFilter(lambda record: record.getMessage() == "connection handler failed")  # ours; senders' faults are counted
