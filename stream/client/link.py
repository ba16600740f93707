"""The sockets to one daemon, and all that is said on them, as steps that somebody takes: blocking, or in asyncio."""

import time
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import zmq
from zmq.utils.monitor import recv_monitor_message

from stream.client.follow import Answer, Follower, Question, Steps
from stream.client.records import Event
from stream.outputs.endpoint import MOST_PORT, check_endpoint, unusable

_KEPT_MESSAGES = 10_000  # that wait for a slow user here; as many wait in the daemon
_CHECK_SECONDS = 5.0  # between looks whether all has come
_SOON_SECONDS = 0.5  # the same, while something has not
_ANSWER_MS = 2000  # after which a question is asked once more, and then given up
_HEARTBEAT_MS, _PATIENCE_MS = 10_000, 60_000  # a daemon that says nothing for so long is gone: connect anew

_Socket = zmq.Socket[bytes]


class Wait(NamedTuple):
    """Wait until one of the sockets has what is asked of it, or the time is over."""

    sockets: tuple[tuple[_Socket, int], ...]
    milliseconds: int


class Link:
    """A PUB socket listened to and a ROUTER socket asked. Used by one thread."""

    def __init__(
        self, connect: str, ask: str | None, follower: Follower, prefix: str, on_connection: Callable[[bool], None]
    ) -> None:
        """`ask`: None where nobody shall be asked. Raises UnusableError where an endpoint is none."""
        self._ask_endpoint, self._follower, self._on_connection = ask, follower, on_connection
        self._context = zmq.Context()
        self._messages = self._context.socket(zmq.SUB)
        self._monitor: _Socket = self._messages.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
        )
        self._questions: _Socket | None = None
        self._reached = True  # somebody was there to be asked, as far as is known
        self._connected = self._renewed = False
        self._due = 0.0  # of the next check, time.monotonic
        try:
            self._messages.subscribe(prefix)
            self._messages.set_hwm(_KEPT_MESSAGES)
            _connect("--connect", connect, self._messages)
            self._reopen_questions()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hang up."""
        self._messages.disable_monitor()
        self._context.destroy(linger=0)

    def steps(self) -> Iterator[Event | Wait]:
        """Without end: what is heard, and what must be waited for."""
        while True:
            try:
                topic, content = self._messages.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                yield from self._idle()
            except ValueError:  # not two frames: no daemon's
                continue
            else:
                yield from self._take(self._follower.hear(topic.decode(errors="replace"), content))

    def _idle(self) -> Iterator[Event | Wait]:
        while self._monitor.poll(0):
            self._connected = recv_monitor_message(self._monitor)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED
            self._renewed |= self._connected
            self._due = 0.0
            self._on_connection(self._connected)
        rest = self._due - time.monotonic()
        if self._connected and rest <= 0.0:
            renewed, self._renewed = self._renewed, False
            yield from self._take(self._follower.check(renewed=renewed))
            self._due = time.monotonic() + (_SOON_SECONDS if self._follower.behind else _CHECK_SECONDS)
        else:
            sockets = ((self._messages, zmq.POLLIN), (self._monitor, zmq.POLLIN))
            yield Wait(sockets, int(1000 * rest) + 1 if self._connected else -1)

    def _take(self, steps: Steps) -> Iterator[Event | Wait]:
        answer: Answer = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration:
                return
            answer = None
            if isinstance(step, Question):
                answer = yield from self._ask(step)
            else:
                yield step

    def _ask(self, question: Question) -> Generator[Wait, None, Answer]:
        """The daemon's answer; None where it does not come."""
        for _ in range(2):
            if self._questions is None:
                return None
            if not self._questions.poll(0, zmq.POLLOUT):
                yield Wait(((self._questions, zmq.POLLOUT),), _ANSWER_MS if self._reached else 0)
            self._reached = bool(self._questions.poll(0, zmq.POLLOUT))
            if not self._reached:
                return None
            self._questions.send_multipart(question.frames, zmq.NOBLOCK)
            yield Wait(((self._questions, zmq.POLLIN),), _ANSWER_MS)
            try:
                return self._questions.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                self._reopen_questions()  # an answer that comes late after all is nobody's
        return None

    def _reopen_questions(self) -> None:
        if self._ask_endpoint is None:
            return
        if self._questions is not None:
            self._questions.close(linger=0)
        self._questions = self._context.socket(zmq.DEALER)
        self._questions.setsockopt(zmq.IMMEDIATE, 1)  # nothing is asked before somebody is there
        _connect("--ask", self._ask_endpoint, self._questions)


def _connect(option: str, endpoint: str, socket: _Socket) -> None:
    socket.setsockopt(zmq.HEARTBEAT_IVL, _HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, _PATIENCE_MS)
    check_endpoint(option, endpoint)
    try:
        socket.connect(endpoint)
    except zmq.ZMQError as error:
        raise unusable(option, endpoint, str(error)) from error


def asked_beside(connect: str) -> str | None:
    """Where the daemon that publishes at `connect` answers: the next port; None where there is none."""
    try:
        parts = urlsplit(connect)
        if parts.scheme != "tcp" or not parts.port or parts.port == MOST_PORT:
            return None
        return f"tcp://{parts.netloc.rpartition(':')[0]}:{parts.port + 1}"
    except ValueError:
        return None
