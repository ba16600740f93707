"""The daemon's two ZeroMQ sockets: PUB carries each message once, ROUTER answers who came late.

Neither can slow the worker: PUB drops for a subscriber whose queue is full (it sees the hole in the
sequence numbers), and questions are answered by a thread of their own.
"""

import errno
import threading
from collections import deque
from typing import Annotated

import msgspec
import zmq
from msgspec import Meta

from models import UnusableError
from stream.messages import AnyMessage, HealthMessage, encode
from stream.outputs.endpoint import check_endpoint, unusable

_LINGER_MS = 500  # how long the last messages may take to leave at the end
_MOST_QUESTION_BYTES = 4096
_MOST_ENDED = 1000  # streams that have ended whose last messages a snapshot still has
_REASONS = {
    errno.EADDRINUSE: "another program has it (another daemon? choose another port)",
    errno.EINVAL: "not an endpoint",
    errno.EPROTONOSUPPORT: "no such transport",
    errno.ENODEV: "no such address on this machine",
    errno.EADDRNOTAVAIL: "no such address on this machine",
}


class PublisherSettings(msgspec.Struct, frozen=True):
    """Where messages are published. Loopback, unless you say otherwise."""

    bind: Annotated[str, Meta(description="ZeroMQ endpoint that publishes; port * takes any free one")] = (
        "tcp://127.0.0.1:5560"
    )
    ask: Annotated[str, Meta(description="ZeroMQ endpoint that answers questions (snapshot)")] = "tcp://127.0.0.1:5561"
    high_water: Annotated[
        int, Meta(ge=1, le=1_000_000, description="messages kept for a slow subscriber before it misses some")
    ] = 10_000


class Publisher:
    """A Sink. `take` and `close` belong to one thread."""

    def __init__(self, settings: PublisherSettings) -> None:
        self._context = zmq.Context()
        self._last: dict[str, tuple[bytes, bytes]] = {}  # topic: frames; replaced whole, so any thread may read
        self._ended: deque[str] = deque()  # streams whose last messages are still there to be asked for
        try:
            self._publish = self._socket(zmq.PUB, settings.bind, settings.high_water)
            answers = self._socket(zmq.ROUTER, settings.ask, settings.high_water)
        except UnusableError:
            self._context.destroy(linger=0)
            raise
        self.endpoint = self._publish.getsockopt_string(zmq.LAST_ENDPOINT)
        self.ask_endpoint = answers.getsockopt_string(zmq.LAST_ENDPOINT)
        self._stop = self._context.socket(zmq.PAIR)
        self._stop.bind("inproc://stop")
        self._answering = threading.Thread(target=self._answer_all, args=(answers,), name="answers")
        self._answering.start()

    def take(self, message: AnyMessage) -> None:
        """Publish `message` and remember it as its topic's last."""
        frames = (message.topic.encode(), encode(message))
        self._last[message.topic] = frames
        self._publish.send_multipart(frames, zmq.DONTWAIT)
        if isinstance(message, HealthMessage):
            self._forget(message.ended)

    def close(self) -> None:
        """Let the last messages leave (half a second at the most) and end."""
        self._stop.send(b"")
        self._answering.join()
        self._context.destroy(linger=_LINGER_MS)

    def _socket(self, kind: int, endpoint: str, high_water: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.set_hwm(high_water)
        if kind == zmq.ROUTER:
            socket.setsockopt(zmq.MAXMSGSIZE, _MOST_QUESTION_BYTES)
        option = "--bind" if kind == zmq.PUB else "--ask"
        check_endpoint(option, endpoint)
        try:
            socket.bind(endpoint)
        except zmq.ZMQError as error:
            raise unusable(option, endpoint, _REASONS.get(error.errno or 0, str(error))) from error
        return socket

    def _forget(self, ended: list[str]) -> None:
        """Keep the last messages of the streams that ended lately only."""
        self._ended += ended
        while len(self._ended) > _MOST_ENDED:
            stream = self._ended.popleft()
            for kind in ("window", "turn", "call"):
                self._last.pop(f"{kind}/{stream}/", None)

    def _answer_all(self, answers: zmq.Socket[bytes]) -> None:
        stop: zmq.Socket[bytes] = self._context.socket(zmq.PAIR)
        stop.connect("inproc://stop")
        poller = zmq.Poller()
        poller.register(answers, zmq.POLLIN)
        poller.register(stop, zmq.POLLIN)
        while not any(socket is stop for socket, _ in poller.poll()):
            sender, *frames = answers.recv_multipart()
            envelope = [sender, b""] if frames and not frames[0] else [sender]  # REQ sends an empty frame, DEALER none
            answers.send_multipart([*envelope, *self._answer(frames[len(envelope) - 1 :])], zmq.DONTWAIT)

    def _answer(self, question: list[bytes]) -> list[bytes]:
        """`snapshot [TOPIC PREFIX]`: the word again, then topic and message of each topic's last."""
        match question:
            case [b"snapshot"] | [b"snapshot", _]:
                prefix = question[1] if len(question) == 2 else b""
                frames = [pair for pair in list(self._last.values()) if pair[0].startswith(prefix)]
                return [b"snapshot", *(frame for pair in frames for frame in pair)]
        return [b"error", b"expected: snapshot [TOPIC PREFIX]"]
