"""Who may come in: how many connections, on which path, from which pages."""

import asyncio
import ipaddress
from http import HTTPStatus
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from stream.sources import InputSettings
from stream.sources.descriptors import is_one_too_many, too_many
from stream.sources.ws.refusal import Refuse, plain

MOST_HANDSHAKES = 64  # connections beside the legs, that have not said yet what they want


class Door:
    """Counts connections, and turns away those that are not welcome."""

    def __init__(self, settings: InputSettings, path: str, refuse: Refuse) -> None:
        self._settings, self._path = settings, path
        most = settings.most_legs + MOST_HANDSHAKES

        class Connection(ServerConnection):
            """Hung up at once where too many are there; counted where it comes to nothing."""

            refusal = ("handshake", "a connection came to nothing: expected a WebSocket request")

            @property
            def is_admitted(self) -> bool:
                return self.response is not None and self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS

            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                super().connection_made(transport)
                there.add(self)
                if len(there) > most:
                    self._turn_away("legs", f"{most} connections at once are the most")
                elif is_one_too_many(transport.get_extra_info("socket")):
                    self._turn_away("descriptors", too_many())

            def _turn_away(self, cause: str, why: str) -> None:
                self.refusal = cause, why
                self.transport.abort()

            def connection_lost(self, exc: Exception | None) -> None:
                there.discard(self)
                if not self.is_admitted:
                    refuse(self.refusal[0], why=plain(self.refusal[1]))
                super().connection_lost(exc)

        there: set[Connection] = set()
        self.connection = Connection
        self._there = there

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """The HTTP response to a request that is not welcome."""
        assert isinstance(connection, self.connection)
        objection = self._objection(request)
        if objection is None:
            return None
        status, cause, reason = objection
        connection.refusal = cause, reason
        return connection.respond(status, f"{reason}\n")

    def _objection(self, request: Request) -> tuple[HTTPStatus, str, str] | None:
        foreign = [origin for origin in request.headers.get_all("Origin") if not _is_local(origin)]
        if self._path and request.path.partition("?")[0].rstrip("/") != self._path:
            return HTTPStatus.NOT_FOUND, "path", f"expected the path {self._path}"
        if foreign and not self._settings.ws_token:  # or any page that somebody visits could send audio
            reason = f"a page of {foreign[0]} may not send audio to a daemon without a token (--ws-token)"
            return HTTPStatus.FORBIDDEN, "origin", reason
        if sum(each.is_admitted for each in self._there) >= self._settings.most_legs:
            reason = f"{self._settings.most_legs} connections at once are the most (--most-legs): try again later"
            return HTTPStatus.SERVICE_UNAVAILABLE, "legs", reason
        return None


def _is_local(origin: str) -> bool:
    try:
        host = urlsplit(origin).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
