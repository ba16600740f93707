"""Many streams: sources in their threads, one worker for all the rest, health, and an orderly end.

The worker is the thread that calls `run`. It sleeps until a ring puts a stream that can go on on its agenda,
or until the next health message is due; there is no other queue and nothing is polled.
"""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from models import GenderstreamError
from stream.agenda import Agenda
from stream.messages import HealthMessage, StreamHealth
from stream.names import Names
from stream.outputs.audio import AudioKeeper
from stream.pipeline import Listener, Pipeline, Setup
from stream.ring import Ring
from stream.sources import Source

RING_SECONDS = 10
"""How long the worker may be held up before a live stream loses samples."""

HEALTH_SECONDS = 5.0


def host_name() -> str:
    """This machine's name, as far as a topic can carry it."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in socket.gethostname())[:64]


class DaemonSettings(msgspec.Struct, frozen=True):
    """The daemon as a whole."""

    name: Annotated[
        str, Meta(pattern="^[A-Za-z0-9._-]{1,64}$", description="name of this daemon in health messages")
    ] = msgspec.field(default_factory=host_name)
    save_audio: Annotated[
        str | None, Meta(description="folder to keep each stream's audio in; without it none is ever kept")
    ] = None


class Streams:
    """The pipelines of one run, by name. The Intake that sources open streams at, but for `wake`."""

    def __init__(
        self,
        setup: Setup,
        save_audio: str | None,
        say: Callable[[str], None],
        listen: Callable[[str], Listener] | None = None,
    ) -> None:
        """`listen` gives each new stream one more listener."""
        self.stopping = threading.Event()
        self.say = say
        self.pipelines: dict[str, Pipeline] = {}  # those that have not been forgotten
        self.refused: dict[str, Counter[str]] = {}  # by input, by cause
        self._names = Names()
        self._setup = setup
        self._save_audio = Path(save_audio) if save_audio else None
        self._listen = listen
        self._opening = threading.Lock()

    def open(self, stream: str, *, rate: int, live: bool, timed: bool) -> Ring:
        """A ring whose samples become windows of `stream`, or of `stream-2`, `-3`, … where it was given before."""
        with self._opening:
            name = self._names.give(stream)
            ring = Ring(RING_SECONDS * rate, live=live, wake=lambda: self.wake(name))  # by name: no cycle keeps memory
            pipeline = Pipeline(name, ring, rate, self._setup, timed=timed, listeners=tuple(self._listeners(name)))
            self.pipelines[name] = pipeline
        self.wake(name)
        return ring

    def refuse(self, source: str, cause: str, count: int = 1) -> None:
        """Count that `source` would not take something; say so the first time."""
        causes = self.refused.setdefault(source, Counter())
        if cause not in causes:
            self.say(f"{source}: refused: {cause} (health counts how often)")
        causes[cause] += count

    def _listeners(self, name: str) -> Iterator[Listener]:
        if self._save_audio:
            yield AudioKeeper(self._save_audio, name, self._setup.epoch)
        if self._listen:
            yield self._listen(name)

    def wake(self, name: str) -> None:
        """The stream `name` can go on: here at once, in the thread of the source, which suits files at full speed."""
        with ExitStack() as broken:
            broken.callback(self.pipelines[name].abandon)  # its source still closes the ring, which wakes it once more
            while self._advance(name):
                pass
            broken.pop_all()

    def _advance(self, name: str) -> bool:
        """Let the stream `name` go on. True where more can be done at once."""
        pipeline = self.pipelines[name]
        more = pipeline.advance()
        if pipeline.state == "ended":
            self._forget(pipeline)
        return more

    def _forget(self, pipeline: Pipeline) -> None:
        """Free all that a stream that has ended still holds; its name is never given again."""
        del self.pipelines[pipeline.name]


class Daemon(Streams):
    """Captures all `sources` at once and decides on them in the thread that calls `run`."""

    def __init__(
        self, settings: DaemonSettings, setup: Setup, sources: Sequence[Source], say: Callable[[str], None]
    ) -> None:
        super().__init__(setup, settings.save_audio, say)
        self._name = settings.name
        self._sources = sources
        self._agenda: Agenda[str] = Agenda(self._due)  # streams that can go on
        self._began = time.monotonic()
        self._health_sequence = 0
        self._over: dict[str, StreamHealth] = {}  # of streams that have ended, until it is published
        self._skipping = 0  # streams, at the last health message

    def wake(self, name: str) -> None:
        """Put the stream `name` on the worker's agenda. Called from any thread."""
        self._agenda.add(name)

    def _due(self, name: str) -> float:
        pipeline = self.pipelines.get(name)
        return pipeline.due if pipeline else time.monotonic()

    def stop(self) -> None:
        """Ask for the end; may be called from a signal handler."""
        self.stopping.set()
        self._agenda.nudge()

    def run(self) -> None:
        """Work until every source has ended or `stop` was called. Raises the first source's error."""
        with ThreadPoolExecutor(len(self._sources), thread_name_prefix="capture") as threads:
            captures = [threads.submit(source.capture, self) for source in self._sources]
            for capture in captures:
                capture.add_done_callback(self._ended)
            try:
                self._work(captures)
            finally:
                self.stopping.set()
                for pipeline in self.pipelines.values():
                    pipeline.abandon()
        self._publish_health()
        for capture in captures:
            capture.result()

    def _work(self, captures: Sequence[Future[None]]) -> None:
        due = time.monotonic()
        while not self._finished(captures):
            if time.monotonic() >= due:
                self._publish_health()
                due += HEALTH_SECONDS
            name = self._agenda.take(until=due)
            if name in self.pipelines and self._advance(name):
                self._agenda.add(name)

    def _finished(self, captures: Sequence[Future[None]]) -> bool:
        return all(capture.done() for capture in captures) and not self.pipelines

    def _forget(self, pipeline: Pipeline) -> None:
        super()._forget(pipeline)
        self._over[pipeline.name] = pipeline.health()

    def _ended(self, capture: Future[None]) -> None:
        """One source has ended. Where it failed and others go on, say so now."""
        error = capture.exception()
        if isinstance(error, GenderstreamError) and len(self._sources) > 1:
            self.say(f"{error}; the other inputs go on")
        self._agenda.nudge()

    def _publish_health(self) -> None:
        message = HealthMessage(
            epoch=self._setup.epoch,
            sequence=self._health_sequence,
            time=datetime.now(UTC),
            model=self._setup.model.identity,
            daemon=self._name,
            uptime=round(time.monotonic() - self._began, 3),
            late_ms=round(self._agenda.lateness() * 1000.0, 3),
            streams=self._over | {name: pipeline.health() for name, pipeline in list(self.pipelines.items())},
            refused={source: dict(causes) for source, causes in list(self.refused.items())},
        )
        self._health_sequence += 1
        self._setup.take(message)
        self._over = {}
        self._tell_overload(message)

    def _tell_overload(self, health: HealthMessage) -> None:
        """Say it once when streams begin to skip windows, and once when none does any more."""
        skipping = sum(stream.stride > 1 and stream.state != "ended" for stream in health.streams.values())
        if skipping and not self._skipping:
            self.say(f"overload: {skipping} of {len(health.streams)} streams skip windows; health messages tell which")
        elif self._skipping and not skipping:
            self.say("overload is over: every window is decided on again")
        self._skipping = skipping
