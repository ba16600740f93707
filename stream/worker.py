"""One of several processes that decide: a daemon for its share of the inputs, which says all to the one that publishes.

A duplex pipe joins the two. It breaks when either process ends, however it ends: a worker never outlives the
process that it works for, and all that it had said before its own end arrives.
"""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from queue import SimpleQueue

import msgspec

from models import GenderstreamError
from stream.daemon import Daemon, DaemonSettings
from stream.garbage import spare_collections
from stream.memory import OUT_OF_MEMORY
from stream.messages import AnyMessage, encode
from stream.pipeline import Setup, Tuning
from stream.sources import InputSettings, open_source
from stream.sources.switchboard import gather

READY, MESSAGE, SAY, NAME, END = b"r", b"m", b"s", b"n", b"e"
"""What a worker says: a byte, then the message, the line, or the name that a new stream wants.

READY: model and inputs can be used. END: nothing follows; with a Failure, or without.
"""

GO, STOP, GIVEN, ADOPT = b"g", b"s", b"n", b"a"
"""What a worker is told: begin; end; the name that the new stream has; the Tuning to go on with."""


class Failure(msgspec.Struct, frozen=True):
    """Why a worker has ended before its time."""

    text: str
    exit_status: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker is to do. Goes to its process as a pickle."""

    build: Callable[[Callable[[AnyMessage], None]], Setup]  # the model, warm; messages go to the argument
    epoch: str
    settings: DaemonSettings
    inputs: Sequence[tuple[str, InputSettings]]


def work(pipe: Connection, share: Share) -> None:
    """What a worker's process does from its beginning to its end."""
    line = Line(pipe)
    failure = b""
    try:
        _work(line, share)
    except GenderstreamError as error:
        failure = msgspec.json.encode(Failure(str(error), error.exit_status))
    except MemoryError:
        failure = msgspec.json.encode(Failure(OUT_OF_MEMORY, GenderstreamError.exit_status))
    line.end(failure)


def _work(line: "Line", share: Share) -> None:
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - multiprocessing has put the null device in its place
    setup = replace(share.build(lambda message: line.send(MESSAGE, encode(message))), epoch=share.epoch)
    sources = gather(open_source(source, settings) for source, settings in share.inputs)
    daemon = Daemon(share.settings, setup, sources, lambda text: line.send(SAY, text.encode()), names=line)
    line.on_stop, line.on_tuning = daemon.stop, daemon.adopt
    line.send(READY)
    spare_collections()
    if line.await_go():
        daemon.run()


class Line:
    """The worker's end of the pipe. Any thread may use it; one of its own hears what comes."""

    def __init__(self, pipe: Connection) -> None:
        self.on_stop: Callable[[], None] = lambda: None
        self.on_tuning: Callable[[Tuning], None] = lambda tuning: None
        self._pipe = pipe
        self._sending, self._asking = threading.Lock(), threading.Lock()
        self._going: SimpleQueue[bool] = SimpleQueue()
        self._given: SimpleQueue[str] = SimpleQueue()
        self._ending = False
        self._hearing = threading.Thread(target=self._hear, name="line", daemon=True)
        self._hearing.start()

    def send(self, word: bytes, content: bytes = b"") -> None:
        """Say `word`. Waits where the other end is behind with reading."""
        try:
            with self._sending:
                self._pipe.send_bytes(word + content)
        except OSError:
            os._exit(1)  # nobody is there to work for

    def give(self, wanted: str) -> str:
        """The name that a new stream has, of all workers' streams."""
        with self._asking:
            self.send(NAME, wanted.encode())
            return self._given.get()

    def await_go(self) -> bool:
        """Wait until all workers are ready. False where the end comes first."""
        return self._going.get()

    def end(self, failure: bytes) -> None:
        """Say that nothing follows, and wait until that has been heard."""
        self._ending = True
        self.send(END, failure)
        self._hearing.join()

    def _hear(self) -> None:
        try:
            while True:
                content = self._pipe.recv_bytes()
                match content[:1]:
                    case b"g":
                        self._going.put(True)
                    case b"s":
                        self._going.put(False)
                        self.on_stop()
                    case b"a":
                        self.on_tuning(msgspec.json.decode(content[1:], type=Tuning))
                    case b"n":
                        self._given.put(content[1:].decode())
        except (EOFError, OSError):
            if not self._ending:
                os._exit(1)
