"""Inputs from the network that bring many legs: one thread and one selector serve all their sockets.

A port reads all that has arrived when its socket is readable. Between two looks lie TICK_SECONDS, so that
thousands of packets a second cost a hundred wake-ups and no more; the sockets' own buffers keep them
meanwhile. Without traffic the thread sleeps until a port's next deadline, or until it is told to stop.
"""

import math
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol, runtime_checkable
from urllib.parse import SplitResult, urlsplit

from models import UnusableError
from stream.sources import Intake, Source
from stream.sources.datagrams import Datagrams

TICK_SECONDS = 0.01
"""How long what has arrived may lie in a socket's buffer: the most that this adds to a decision's latency."""

LOOPBACK = "127.0.0.1"

MOST_AHEAD_SECONDS = 10.0
"""How much more audio a leg may have brought than time has passed: a burst after a stall, but no flood."""

FASTEST = 1.01
"""A sender's clock against ours, at the most."""


@runtime_checkable
class Port(Source, Protocol):
    """A Source that a switchboard can serve beside others. Its socket is bound when it is made."""

    def begin(self, board: "Switchboard", intake: Intake) -> None:
        """Have the sockets watched, and keep both for later."""

    def tick(self, now: float) -> float:
        """Do what is due at `now` (time.monotonic). When to be called next, at the latest, or math.inf."""

    def end(self) -> None:
        """Nothing follows: close streams and sockets."""


class Switchboard:
    """A Source: all of `ports`, in one thread."""

    def __init__(self, ports: Sequence[Port]) -> None:
        self.source = ", ".join(port.source for port in ports)
        self._ports = ports
        self._selector = selectors.DefaultSelector()
        self.datagrams = Datagrams()
        """What UDP ports read into: they take turns."""

    def watch(self, watched: socket.socket, read: Callable[[], None]) -> None:
        """Call `read` whenever `watched` has something to read, not more often than each tick."""
        self._selector.register(watched, selectors.EVENT_READ, read)

    def forget(self, watched: socket.socket) -> None:
        """Watch it no longer."""
        self._selector.unregister(watched)

    def capture(self, intake: Intake) -> None:
        """Serve until stopping."""
        ringing, bell = socket.socketpair()  # a selector cannot wait for an Event: a thread that sleeps in it does
        stopping = threading.Thread(target=_ring_when_set, args=(intake.stopping, bell), name="bell", daemon=True)
        with self._selector, ringing, bell:
            self.watch(ringing, lambda: None)
            stopping.start()
            try:
                for port in self._ports:
                    port.begin(self, intake)
                self._serve(intake.stopping)
            finally:
                for port in self._ports:
                    port.end()

    def _serve(self, stopping: threading.Event) -> None:
        due = time.monotonic()
        while not stopping.is_set():
            ready = self._selector.select(None if due == math.inf else max(due - time.monotonic(), 0.0))
            now = time.monotonic()
            for key, _ in ready:
                key.data()
            due = min(port.tick(now) for port in self._ports)
            stopping.wait(max(now + TICK_SECONDS - time.monotonic(), 0.0))


def _ring_when_set(stopping: threading.Event, bell: socket.socket) -> None:
    stopping.wait()
    with suppress(OSError):  # the switchboard may have ended before
        bell.send(b"!")


def gather(sources: Iterable[Source]) -> list[Source]:
    """The same sources, all ports among them as one."""
    sources = list(sources)
    ports = [source for source in sources if isinstance(source, Port)]
    others = [source for source in sources if not isinstance(source, Port)]
    return [*others, Switchboard(ports)] if ports else others


def split_address(source: str, example: str) -> SplitResult:
    """SCHEME://HOST:PORT[?QUERY] in parts. Raises UnusableError."""
    try:
        url = urlsplit(source)
        usable = url.port is not None and not url.path and not url.fragment and url.username is None
    except ValueError:
        usable = False
    if not usable:
        raise UnusableError(
            f"{source} is no address to listen on: expected {url_scheme(source)}://HOST:PORT, as {example}"
        )
    return url


def url_scheme(source: str) -> str:
    """What stands before ://."""
    return source.partition("://")[0]


def bind(source: str, url: SplitResult, kind: socket.SocketKind) -> socket.socket:
    """A socket on the address, loopback where it names no host. Raises UnusableError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(url.hostname or LOOPBACK, url.port, type=kind)[0]
        bound = socket.socket(family, kind)
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setblocking(False)
        bound.bind(address)
    except OSError as error:
        raise UnusableError(
            f"{source} cannot be listened on: {error.strerror}; is the port free, and the host this machine's?"
        ) from error
    return bound


def where(source: str, bound: socket.socket) -> str:
    """SCHEME://HOST:PORT as it came to be, with the port that was free."""
    host, port = bound.getsockname()[:2]
    return f"{url_scheme(source)}://{f'[{host}]' if ':' in host else host}:{port}"
