"""Who may come in: how many connections, on which path, from which pages."""

import asyncio
import ipaddress
from http import HTTPStatus
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from stream.sources import InputSettings, Intake

MOST_CONNECTIONS = 256
MOST_HANDSHAKES = 64  # more connections, that have not said yet what they want


class Door:
    """Counts the connections of the source `name`, and turns away those that are not welcome."""

    def __init__(self, name: str, settings: InputSettings, path: str, intake: Intake) -> None:
        self._settings, self._path = settings, path

        class Connection(ServerConnection):
            """Hung up at once where too many are there; counted where it comes to nothing."""

            refusal = "no WebSocket request"

            @property
            def is_admitted(self) -> bool:
                return self.response is not None and self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS

            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                super().connection_made(transport)
                there.add(self)
                if len(there) > MOST_CONNECTIONS + MOST_HANDSHAKES:
                    self.refusal = "too many connections"
                    self.transport.abort()

            def connection_lost(self, exc: Exception | None) -> None:
                there.discard(self)
                if not self.is_admitted:
                    intake.refuse(name, self.refusal)
                super().connection_lost(exc)

        there: set[Connection] = set()
        self.connection = Connection
        self._there = there

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """The HTTP response to a request that is not welcome."""
        assert isinstance(connection, self.connection)
        foreign = [origin for origin in request.headers.get_all("Origin") if not _is_local(origin)]
        if self._path and request.path.partition("?")[0].rstrip("/") != self._path:
            connection.refusal = "wrong path"
            return connection.respond(HTTPStatus.NOT_FOUND, f"expected the path {self._path}\n")
        if foreign and not self._settings.ws_token:  # a browser would let any page that somebody visits send audio
            connection.refusal = "foreign page"
            reason = f"a page of {foreign[0]} may not send audio to a daemon without a token (--ws-token)\n"
            return connection.respond(HTTPStatus.FORBIDDEN, reason)
        if sum(each.is_admitted for each in self._there) >= MOST_CONNECTIONS:
            connection.refusal = "too many connections"
            reason = f"{MOST_CONNECTIONS} connections are open, the most: try again later\n"
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, reason)
        return None


def _is_local(origin: str) -> bool:
    try:
        host = urlsplit(origin).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
