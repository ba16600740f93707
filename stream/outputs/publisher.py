"""The daemon's two ZeroMQ sockets: PUB carries each message once, ROUTER answers who came late.

Neither can slow the worker: PUB drops for a subscriber whose queue is full (it sees the hole in the sequence
numbers, and fills it with `replay`), and questions are answered at a desk in threads of its own, from a history that
the worker leaves without a lock.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import zmq
from msgspec import Meta

from models import UnusableError
from stream.messages import AnyMessage, HealthMessage, encode
from stream.outputs.answers import Answers
from stream.outputs.audience import Audience
from stream.outputs.desk import Desk
from stream.outputs.endpoint import TAKEN, check_endpoint, check_free, unusable
from stream.outputs.history import History
from stream.outputs.journal import Journal, JournalReader

_LINGER_MS = 500  # how long the last messages may take to leave at the end
_MOST_QUESTION_BYTES = 4096
_WAITING_QUESTIONS = 1000  # of one who asks, unread
_WAITING_ANSWERS = 4  # for one who does not read them; a replay's is up to 256 KiB
_HEARTBEAT_MS, _PATIENCE_MS = 10_000, 60_000  # a peer that says nothing for so long is gone (unplugged, not slow)
_REASONS = {
    errno.EADDRINUSE: TAKEN,
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
    ask: Annotated[str, Meta(description="ZeroMQ endpoint that answers questions (snapshot, replay)")] = (
        "tcp://127.0.0.1:5561"
    )
    high_water: Annotated[
        int, Meta(ge=1, le=1_000_000, description="messages kept for a slow subscriber before it misses some")
    ] = 10_000
    replay_minutes: Annotated[
        float, Meta(ge=0.0, le=10_080.0, description="minutes for which messages are kept in memory, to be asked for")
    ] = 10.0
    replay_mib: Annotated[int, Meta(ge=1, le=65_536, description="MiB of memory that they take at most")] = 64


class Publisher:
    """A Sink. `take` and `close` belong to one thread."""

    def __init__(self, settings: PublisherSettings, epoch: str, journal: Journal | None = None) -> None:
        self._context = zmq.Context()
        self._history = History(seconds=60.0 * settings.replay_minutes, most_bytes=settings.replay_mib << 20)
        self._journal = journal
        try:
            with _patient_threads():
                publish = self._socket(zmq.PUB, settings.high_water)  # the first socket starts ZeroMQ's threads
            answers = self._socket(zmq.ROUTER, _WAITING_ANSWERS)
            self._audience = Audience(publish)
            self.endpoint = _bound(publish, "--bind", settings.bind)
            self.ask_endpoint = _bound(answers, "--ask", settings.ask)
        except UnusableError:
            self._context.destroy(linger=0)
            raise
        reader = JournalReader(journal.folder) if journal else None
        self._desk = Desk(self._context, answers, Answers(epoch, self._history, reader), self._audience)

    def take(self, message: AnyMessage) -> None:
        """Publish `message` and keep it for a while."""
        topic, content = message.topic.encode(), encode(message)
        self._history.add(topic, message.sequence, content)
        self._audience.send(topic, content)
        if self._journal:
            self._journal.put(content)
        if isinstance(message, HealthMessage):
            for stream in message.ended:
                self._history.end(stream)

    def close(self) -> None:
        """Let the last messages leave (half a second at the most) and end."""
        self._desk.close()
        self._context.destroy(linger=_LINGER_MS)

    @property
    def subscribers(self) -> int:
        """Connections to the PUB socket."""
        return self._audience.size

    @property
    def overruns(self) -> int:
        """Times that a subscriber's queue was full, so that it missed messages."""
        return self._audience.overruns

    @property
    def kept_bytes(self) -> int:
        """Memory that is taken by messages kept for replay."""
        return self._history.held_bytes

    def _socket(self, kind: int, high_water: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.set_hwm(high_water)
        socket.setsockopt(zmq.HEARTBEAT_IVL, _HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, _PATIENCE_MS)
        socket.setsockopt(zmq.MAXMSGSIZE, _MOST_QUESTION_BYTES)  # that comes in: subscriptions, too
        if kind == zmq.ROUTER:
            socket.setsockopt(zmq.RCVHWM, _WAITING_QUESTIONS)
        return socket


@contextmanager
def _patient_threads() -> Iterator[None]:
    """Threads that begin in here wait until the core that they are on is free, on Linux; they inherit the policy.

    ZeroMQ's is woken by each message. Where the worker keeps a core busy, it would take that from it and go to sleep
    again, for every message; patient, it sends many at once, and the worker's hop costs an eighth less.
    """
    try:
        usual = os.sched_getscheduler(0) == os.SCHED_OTHER
        if usual:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    except (AttributeError, OSError):  # another system, or one that forbids it
        usual = False
    try:
        yield
    finally:
        if usual:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _bound(socket: "zmq.Socket[bytes]", option: str, endpoint: str) -> str:
    """Bind; the endpoint that it came to be."""
    check_endpoint(option, endpoint)
    check_free(option, endpoint)
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        raise unusable(option, endpoint, _REASONS.get(error.errno or 0, str(error))) from error
    return socket.getsockopt_string(zmq.LAST_ENDPOINT)
