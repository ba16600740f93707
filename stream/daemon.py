"""Many streams at once: sources in their threads, one worker for all the rest, health, and an orderly end.

The worker is the thread that calls `run`. It sleeps until a ring puts a stream that can go on on its agenda,
or until the next health message is due; there is no other queue and nothing is polled.
"""

import math
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from models import GenderstreamError
from stream.agenda import Agenda
from stream.captures import capturing
from stream.clocks import ClockWatch, read_clocks
from stream.liveness import STALLED_SECONDS
from stream.messages import HealthMessage, StreamHealth
from stream.names import Namer
from stream.outputs.journal import Journal
from stream.pipeline import Pipeline, Setup, Tuning
from stream.sources import Source
from stream.sources.failure import tell_failure
from stream.streams import Streams
from stream.words import ERROR, WARNING

HEALTH_SECONDS = 5.0

STOP_SECONDS = 3.0
"""After `stop`, what still waits is decided on for so long; the rest is lost, counted, and the end comes."""

_NEWS_SECONDS = 0.25  # between two health messages, where there is news
_NEWS_COST = 20  # times as long as one took to make, or a look at all streams: it must not take the worker's time


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
    workers: Annotated[
        int,
        Meta(ge=1, le=256, description="processes that decide, where one core is not enough; inputs are shared out"),
    ] = 1


class Daemon(Streams):
    """Captures all `sources` at once and decides on them in the thread that calls `run`."""

    def __init__(
        self,
        settings: DaemonSettings,
        setup: Setup,
        sources: Sequence[Source],
        say: Callable[[str], None],
        journal: Journal | None = None,
        names: Namer | None = None,
    ) -> None:
        """`journal`: whose health is published; `names`: what names all streams, where this is one of several.

        Raises UnusableError where audio cannot be kept where `settings` say.
        """
        super().__init__(setup, settings.save_audio, say, names=names)
        self._name = settings.name
        self._sources = sources
        self._alone = len(sources) == 1 and names is None
        self._journal = journal
        self._agenda: Agenda[str] = Agenda(self._due)  # streams that can go on
        self._began = time.monotonic()
        self._clocks = ClockWatch(read_clocks())
        self._attentive = self._began  # since when nothing has held the worker up
        self._look_due = self._health_due = self._soonest_health = self._began
        self._balanced = True  # so far, all samples of all streams
        self._hurry_due = math.inf  # when to decide on nothing more
        self._health_sequence = 0
        self._tunings: deque[Tuning] = deque()  # to be adopted
        self._over: dict[str, StreamHealth] = {}  # of streams that have ended, until it is published
        self._failed: dict[str, str] = {}  # inputs, and why

    def wake(self, name: str) -> None:
        """Put the stream `name` on the worker's agenda. Called from any thread."""
        self._agenda.add(name)

    def _lose(self, why: str) -> None:
        """Decisions go on without it."""
        self.say(WARNING + why)

    def _due(self, name: str) -> float:
        pipeline = self.pipelines.get(name)
        return pipeline.due if pipeline else time.monotonic()

    def adopt(self, tuning: Tuning) -> None:
        """Have the worker go on with `tuning`, soon. Called from any thread."""
        self._tunings.append(tuning)
        self._agenda.nudge()

    def stop(self) -> None:
        """Ask for the end; may be called from a signal handler."""
        self._hurry_due = min(self._hurry_due, time.monotonic() + STOP_SECONDS)
        self.stopping.set()
        self._agenda.nudge()

    def run(self) -> None:
        """Work until every source has ended or `stop` was called. Raises the first source's error."""
        with capturing(self._sources, self) as captures:
            for source, capture in zip(self._sources, captures, strict=True):
                capture.add_done_callback(partial(self._ended, source.source))
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
        self._look_due = self._health_due = time.monotonic()
        while not self._finished(captures):
            due = min(self._look_due, self._health_due)
            if time.monotonic() >= self._hurry_due:
                self._hurry()
            if time.monotonic() >= due:
                self._look(due)
                continue
            name = self._agenda.take(until=due)
            if self._tunings:
                self._tune(self._tunings.popleft())
            if name in self.pipelines and self._advance(name):
                self._agenda.add(name)

    def _hurry(self) -> None:
        """The end was asked for long ago: let each stream come to its own."""
        self._hurry_due = math.inf
        if waiting := [pipeline for pipeline in self.pipelines.values() if pipeline.hurry()]:
            self.say(f"{WARNING}stopping: {len(waiting)} streams were behind; what they had not decided on yet is lost")

    def _tune(self, tuning: Tuning) -> None:
        with self._opening:  # a stream is opened before this, and among those here, or after it
            self._setup = replace(self._setup, vad=tuning.vad, verdict=tuning.verdict, overload=tuning.overload)
            pipelines = list(self.pipelines.values())
        for pipeline in pipelines:
            pipeline.adopt(tuning)

    def _advance(self, name: str) -> bool:
        pipeline = self.pipelines[name]
        more = super()._advance(name)
        self._note(pipeline.look(time.monotonic(), self._attentive))
        return more

    def _look(self, due: float) -> None:
        """See how the clocks and all streams are, and when something may be wrong next; publish what is due."""
        reading = read_clocks()
        told = self._clocks.look(reading, due)
        for line in told:
            self.say(WARNING + line)
        if told:  # whatever did not come meanwhile may be here, unread
            self._attentive = reading.monotonic
        self._look_due = reading.monotonic + STALLED_SECONDS
        for pipeline in list(self.pipelines.values()):
            self._note(pipeline.look(reading.monotonic, self._attentive))
            self._look_due = min(self._look_due, pipeline.liveness.due)
        now = time.monotonic()
        self._look_due = max(self._look_due, now + _NEWS_COST * (now - reading.monotonic))
        self._note(bool(told))
        if reading.monotonic >= self._health_due:
            self._publish_health()

    def _note(self, news: bool) -> None:
        """Let health be published soon, where there is news of it."""
        if news:
            self._health_due = min(self._health_due, max(self._soonest_health, time.monotonic()))

    def _finished(self, captures: Sequence[Future[None]]) -> bool:
        return not self.pipelines and all(capture.done() for capture in captures)

    def _forget(self, pipeline: Pipeline) -> None:
        super()._forget(pipeline)
        self._over[pipeline.name] = health = pipeline.health()
        self._note(health.cause is not None)

    def _ended(self, source: str, capture: Future[None]) -> None:
        """`source` has ended. Where it failed and others go on, say so now."""
        error = capture.exception()
        if error is not None:
            self._failed[source] = why = tell_failure(error)
            if not self._alone:
                foreseen = isinstance(error, GenderstreamError)
                self.say(f"{WARNING}{'' if foreseen else f'{source}: '}{why}; the other inputs go on")
        if isinstance(error, MemoryError):  # a port that nobody serves any more helps nobody
            self.stopping.set()
        self._agenda.nudge()

    def _checked(self, streams: dict[str, StreamHealth]) -> dict[str, StreamHealth]:
        """Say so where samples do not add up, once."""
        for name, stream in streams.items():
            if not stream.balanced and self._balanced:
                self._balanced = False
                self.say(f"{ERROR}{name}: samples do not add up, a fault of ours: please report this health message")
        return streams

    def _publish_health(self) -> None:
        began = time.monotonic()
        message = HealthMessage(
            epoch=self._setup.epoch,
            sequence=self._health_sequence,
            time=datetime.now(UTC),
            model=self._setup.model.identity,
            daemon=self._name,
            uptime=round(time.monotonic() - self._began, 3),
            late_ms=round(self._agenda.lateness() * 1000.0, 3),
            clock=self._clocks.health,
            streams=self._checked(
                self._over | {name: each.health(self._attentive) for name, each in list(self.pipelines.items())}
            ),
            refused={source: dict(causes) for source, causes in list(self.refused.items())},
            failed=dict(self._failed),
            journal=self._journal.health() if self._journal else None,
        )
        self._health_sequence += 1
        self._setup.take(message)
        self._over = {}
        now = time.monotonic()
        self._health_due = began + HEALTH_SECONDS
        self._soonest_health = now + max(_NEWS_SECONDS, _NEWS_COST * (now - began))
