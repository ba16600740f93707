"""WebSockets: raw PCM whose format is in the client's URL, or the messages of Twilio Media Streams.

The only asyncio of the house: one loop in the source's thread serves all connections. Raw PCM waits for room
in its ring, and TCP makes the sender wait; a call is live, and never waits. The daemon sends nothing back.
"""

import asyncio
import ipaddress
import logging
import socket
from functools import partial
from urllib.parse import SplitResult, urlsplit

from websockets.asyncio.server import serve

from models import UnusableError
from stream.sources import InputSettings, Intake
from stream.sources.switchboard import bind, where
from stream.sources.ws.connection import Connections
from stream.sources.ws.door import Door

MOST_MESSAGE = 1 << 16  # bytes
MOST_QUEUED = 4  # messages of a connection that nobody has looked at yet
MOST_WAITING = 1 << 16  # bytes of a connection that the kernel keeps
OPENING_SECONDS = 10.0  # that a handshake may take
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
        self._where = where(source, self._socket)

    def capture(self, intake: Intake) -> None:
        """Serve connections until stopping."""
        with self._socket:
            asyncio.run(self._serve(intake))

    async def _serve(self, intake: Intake) -> None:
        refuse = partial(intake.refuse, self._where)
        door = Door(self._settings, self._path, refuse)
        connections = Connections(self._settings, intake, refuse)
        server = await serve(
            connections.hear, sock=self._socket, process_request=door.admit, create_connection=door.connection,
            compression=None, max_size=MOST_MESSAGE, max_queue=MOST_QUEUED, server_header=None, logger=_log,
            open_timeout=OPENING_SECONDS, close_timeout=CLOSING_SECONDS, ping_timeout=None,
        )  # fmt: skip
        intake.say(f"listening on {self._where}{self._path}")
        if not ipaddress.ip_address(self._socket.getsockname()[0]).is_loopback and not self._settings.ws_token:
            intake.say("whoever reaches this port may send audio: give --ws-token, or let a proxy keep them out")
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


_log = logging.getLogger(__name__)
_log.addFilter(lambda record: record.getMessage() == "connection handler failed")  # ours; senders' faults are counted
