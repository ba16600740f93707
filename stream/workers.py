"""Several processes that decide, one that publishes: inputs are shared out whole, health is merged, names are given.

The process that calls `run` owns the sinks and the signals, and gives each message to the sinks in the order in
which its worker said it. It sleeps until one says something, or something is due. A worker that dies takes its streams
with it; another takes over those of its inputs that can begin anew, as streams of new names.
"""

import os
import selectors
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from models import GenderstreamError, UnusableError
from stream.clocks import most
from stream.daemon import HEALTH_SECONDS
from stream.messages import AnyMessage, HealthMessage, StreamHealth, decode
from stream.names import Names
from stream.outputs.journal import Journal
from stream.pipeline import Tuning
from stream.sources import begins_anew
from stream.words import WARNING
from stream.worker import ADOPT, END, GIVEN, GO, MESSAGE, NAME, READY, SAY, STOP, Failure, Share
from stream.worker_process import Worker

_TOGETHER = 0.25  # seconds for which a worker's health waits for the others', to be published together
_DELAYS = (0.25, 1.0, 5.0, 15.0, 60.0)  # seconds before each new attempt to replace a worker; the last one stays
_PROVEN_SECONDS = 60.0  # that one worked, after which its successor is tried at once


class Workers:
    """Runs a worker for each of `shares`, as a context: inside it all are ready, after it none is left."""

    def __init__(self, shares: Sequence[Share], say: Callable[[str], None]) -> None:
        self._shares, self._say = shares, say
        self._take: Callable[[AnyMessage], None] = _take_nothing
        self._journal: Journal | None = None
        self._tuning: Tuning | None = None  # that was adopted last
        self._names = Names()
        self._workers: list[Worker] = []
        self._left: set[Worker] = set()  # that have not ended
        self._dead: list[tuple[float, Worker]] = []  # that will be replaced, and when
        self._going = False  # between the beginning and the end
        self._selector = selectors.DefaultSelector()
        self._nudged, self._nudge = os.pipe()
        self._selector.register(self._nudged, selectors.EVENT_READ)
        self._began = time.monotonic()
        self._due = self._began + HEALTH_SECONDS
        self._health: HealthMessage | None = None  # the last that any worker said
        self._health_sequence = 0
        self._late_ms = 0.0
        self._over: dict[str, StreamHealth] = {}  # streams that have ended, until it is published
        self._failed: dict[str, StreamHealth] = {}  # streams whose worker died for good
        self._failed_inputs: dict[str, str] = {}  # that cannot begin anew, and why

    def __enter__(self) -> "Workers":
        """Start them and wait until all can begin. Raises the error of the first that cannot."""
        with ExitStack() as starting:
            starting.push(self)
            for number, share in enumerate(self._shares, 1):
                self._workers.append(self._start(Worker(number, share)))
            self._listen(lambda: all(worker.ready or worker not in self._left for worker in self._workers))
            self._raise_error()
            starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._take = _take_nothing  # whoever took may be closed: what is left after an error is for nobody
        self._end()
        self._listen(lambda: not self._left)
        self._selector.close()  # the pipe stays open: a signal may still come

    def run(self, take: Callable[[AnyMessage], None], journal: Journal | None) -> None:
        """Let them work until all have ended, or `stop` was called. Raises the first one's error.

        `take` gets all that they publish, and their health as one message, with that of the `journal`.
        """
        self._take, self._journal = take, journal
        self._going = True
        self._tell(GO)
        self._listen(lambda: not self._left and not self._dead)
        self._going = False
        self._publish_health()
        self._raise_error()

    def stop(self) -> None:
        """Ask for the end; may be called from a signal handler."""
        os.write(self._nudge, STOP)

    def adopt(self, tuning: Tuning) -> None:
        """Have all workers go on with `tuning`, soon. Called from any thread."""
        self._tuning = tuning
        os.write(self._nudge, ADOPT)

    def _listen(self, until: Callable[[], bool]) -> None:
        while not until():
            due = min([self._due, *(when for when, _ in self._dead)])
            for key, _ in self._selector.select(max(due - time.monotonic(), 0.0)):
                if key.data:
                    self._hear(key.data)
                elif os.read(self._nudged, 1) == ADOPT:
                    self._tell(ADOPT, msgspec.json.encode(self._tuning))
                else:
                    self._end()
            if time.monotonic() >= self._due:
                self._publish_health()
            self._replace_dead()

    def _end(self) -> None:
        """Nobody is replaced any more, and whoever is left is to end."""
        self._going = False
        self._dead.clear()
        self._tell(STOP)

    def _start(self, worker: Worker) -> Worker:
        self._left.add(worker)
        self._selector.register(worker.pipe, selectors.EVENT_READ, worker)
        return worker

    def _replace_dead(self) -> None:
        now = time.monotonic()
        for when, dead in self._dead[:]:
            if when <= now:
                self._dead.remove((when, dead))
                share = replace(dead.share, inputs=[each for each in dead.share.inputs if begins_anew(each[0])])
                self._workers[self._workers.index(dead)] = self._start(Worker(dead.number, share, dead))

    def _hear(self, worker: Worker) -> None:
        """Deal with one thing that `worker` has said, or with its end."""
        try:
            content = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            self._bury(worker)
            return
        word, rest = content[:1], content[1:]
        if word == MESSAGE:
            message = decode(rest)
            if isinstance(message, HealthMessage):
                self._note(worker, message)
            else:
                self._take(message)
        elif word == SAY:
            self._say(rest.decode())
        elif word == NAME:
            worker.tell(GIVEN, self._names.give(rest.decode()).encode())
        elif word == READY:
            worker.ready = True
            if self._going:  # it takes a dead one's place
                if self._tuning:
                    worker.tell(ADOPT, msgspec.json.encode(self._tuning))
                worker.tell(GO)
        elif word == END:
            self._finish(worker, _error(rest) if rest else None)

    def _note(self, worker: Worker, health: HealthMessage) -> None:
        """Keep what `worker` says of itself until it is published with the others'."""
        self._health = health
        self._late_ms = max(self._late_ms, health.late_ms)
        worker.refused, worker.failed, worker.clock = health.refused, health.failed, health.clock
        worker.streams = {name: stream for name, stream in health.streams.items() if stream.state != "ended"}
        self._over |= {name: health.streams[name] for name in health.ended}
        self._due = min(self._due, time.monotonic() + _TOGETHER)

    def _publish_health(self) -> None:
        self._due = time.monotonic() + HEALTH_SECONDS
        if self._health is None:
            return
        streams = self._over | self._failed
        refused: dict[str, Counter[str]] = {}
        failed = dict(self._failed_inputs)
        for worker in self._workers:
            streams |= worker.streams
            failed |= worker.failed
            for source, counted in worker.all_refused.items():
                refused.setdefault(source, Counter()).update(counted)
        message = msgspec.structs.replace(
            self._health, sequence=self._health_sequence, time=datetime.now(UTC),
            uptime=round(time.monotonic() - self._began, 3), late_ms=self._late_ms, streams=streams,
            clock=most(worker.clock for worker in self._workers),
            refused={source: dict(causes) for source, causes in refused.items()}, failed=failed,
            journal=self._journal.health() if self._journal else None,
        )  # fmt: skip
        self._health_sequence += 1
        self._take(message)
        self._over, self._late_ms = {}, 0.0

    def _part(self, worker: Worker) -> int:
        """`worker` has ended. Its exit status."""
        self._selector.unregister(worker.pipe)
        self._left.discard(worker)
        return worker.close()

    def _finish(self, worker: Worker, error: GenderstreamError | None) -> None:
        """`worker` has ended in order."""
        self._part(worker)
        if error and self._going and not worker.ready:
            self._try_again(worker, f"worker {worker.number} cannot take over: {error}")
        else:
            worker.error = error

    def _bury(self, worker: Worker) -> None:
        """`worker` has ended without a word: what it did not say is lost, and its streams have failed."""
        status = self._part(worker)
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        text = f"worker {worker.number} died ({how}), and with it {', '.join(worker.inputs)}"
        cause = f"its worker died ({how})"
        gone = [source for source in worker.inputs if not begins_anew(source)]
        again = self._going and len(gone) < len(worker.inputs)
        over = {
            name: msgspec.structs.replace(each, state="ended" if again else "failed", cause=cause, state_seconds=0.0)
            for name, each in worker.streams.items()
        }
        worker.streams, worker.failed = {}, {}
        self._due = time.monotonic()
        if again:
            self._over |= over
            self._failed_inputs |= dict.fromkeys(gone, cause)
            self._try_again(worker, text)
            return
        self._failed |= over
        worker.error = GenderstreamError(f"{text}; start again, and report it where it happens again")
        if self._left:
            self._say(f"{WARNING}{text}; the other inputs go on")

    def _try_again(self, worker: Worker, why: str) -> None:
        """Let another take the place of `worker`, soon."""
        now = time.monotonic()
        if now - worker.began > _PROVEN_SECONDS:
            worker.attempt = 0
        delay = _DELAYS[min(worker.attempt, len(_DELAYS) - 1)]
        worker.attempt += 1
        self._dead.append((now + delay, worker))
        self._say(f"{WARNING}{why}; another begins anew in {delay:g} s, and the other inputs go on")

    def _tell(self, word: bytes, content: bytes = b"") -> None:
        for worker in self._left:
            worker.tell(word, content)

    def _raise_error(self) -> None:
        for worker in self._workers:
            if worker.error:
                raise worker.error


def _take_nothing(message: AnyMessage) -> None:
    """Before all may begin nothing is said; after an error nobody takes it."""


def _error(content: bytes) -> GenderstreamError:
    failure = msgspec.json.decode(content, type=Failure)
    kind = UnusableError if failure.exit_status == UnusableError.exit_status else GenderstreamError
    return kind(failure.text)
