"""A web server for one page, in a thread of its own: whoever reads slowly, asks nonsense or never asks is cut off."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator

from models import UnusableError
from stream.outputs.metrics.text import CONTENT_TYPE

MOST_READERS = 16
"""At once; whoever comes on top is cut off unheard."""

PATIENCE = 10.0
"""Seconds for a request, with its answer."""

_MOST_REQUEST_BYTES = 8192
_FRESH_SECONDS = 1.0  # a page is made anew at most so often, however many ask
_BREATH_SECONDS = 0.001  # between a page's pieces: the worker has the interpreter most of the time
_LOOPBACK = "127.0.0.1"


class Server:
    """Serves `/metrics` on `address` (HOST:PORT, :PORT or PORT) from now on, as `page` gives it in pieces."""

    def __init__(self, address: str, page: Callable[[], Iterator[str]]) -> None:
        self._page = page
        self._made, self._content = -_FRESH_SECONDS, b""  # when (the loop's time), and the page itself
        self._making = asyncio.Lock()
        self._readers = 0
        self._socket = _bound(address)
        host, port = self._socket.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics"
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)  # connections that break while they are accepted or closed
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), name="metrics")
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._meet, sock=self._socket, limit=_MOST_REQUEST_BYTES)
        await self._end.wait()
        server.close()
        meetings = asyncio.all_tasks() - {asyncio.current_task()}
        for meeting in meetings:
            meeting.cancel()
        await asyncio.gather(*meetings, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._readers += 1
        try:
            if self._readers <= MOST_READERS:
                async with asyncio.timeout(PATIENCE):
                    request = await reader.readuntil(b"\r\n\r\n")
                    writer.write(await self._answer(request))
                    writer.close()
                    await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # it went, dawdled, or talked nonsense
        finally:
            writer.transport.abort()
            self._readers -= 1

    async def _answer(self, request: bytes) -> bytes:
        """Status, headers and content. Raises nothing."""
        method, _, rest = request.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return _framed("405 Method Not Allowed", b"GET is all there is\n")
        if path != b"/metrics":
            return _framed("404 Not Found", b"/metrics is all there is\n")
        content = await self._fresh()
        framed = _framed("200 OK", content)
        return framed if method == b"GET" else framed[: -len(content)]

    async def _fresh(self) -> bytes:
        async with self._making:
            if self._loop.time() - self._made >= _FRESH_SECONDS:
                pieces = []
                for piece in self._page():
                    pieces.append(piece)
                    await asyncio.sleep(_BREATH_SECONDS)
                self._made, self._content = self._loop.time(), "".join(pieces).encode()
        return self._content


def _framed(status: str, content: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(content)}\r\nConnection: close"
    return head.encode() + b"\r\n\r\n" + content


def _bound(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]") or _LOOPBACK
    unusable = f"--metrics is {address}: expected HOST:PORT, as 127.0.0.1:9464"
    if not port.isdecimal() or int(port) > 65_535:
        raise UnusableError(unusable)
    try:
        family, _, _, _, where = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise UnusableError(f"{unusable} ({error.strerror})") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
    except OSError as error:
        bound.close()
        raise UnusableError(
            f"--metrics is {address}: {error.strerror}; is the port free, the host this machine's?"
        ) from error
    return bound
