"""Streams that come and go: what is left of one when it has ended, and of one whose source failed."""

import gc
import re
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models import UnusableError, load_model
from stream.classify import Classifier
from stream.daemon import Daemon, DaemonSettings
from stream.messages import AnyMessage, CallMessage, HealthMessage, WindowMessage
from stream.pipeline import Pipeline, Setup
from stream.records import Samples
from stream.sources import InputSettings, Intake
from stream.sources.channels import ChannelWriter
from stream.streams import Streams
from stream.vad import VadSettings
from stream.windows import WindowSettings


@pytest.fixture
def set_up(classifier: Classifier) -> Callable[..., Setup]:
    def set_up(take: Any) -> Setup:
        return Setup(load_model(), classifier, WindowSettings(), VadSettings(), "epoch", take)

    return set_up


class Legs:
    """A Source of `count` legs one after the other, all of the same name."""

    source = "legs"

    def __init__(self, count: int, samples: Samples, taken: list[AnyMessage]) -> None:
        self._count, self._samples, self._taken = count, samples, taken

    def capture(self, intake: Intake) -> None:
        for _ in range(self._count):
            ring = intake.open("leg", rate=8000, live=False, timed=True)
            ring.write(self._samples)
            ring.close()


def test_each_stream_ends_once_in_health_and_then_is_forgotten(set_up: Callable[..., Setup], woman: Samples) -> None:
    """Of many legs of one name each has topics of its own from 0, a final call, and one health message as ended."""
    taken: list[AnyMessage] = []
    daemon = Daemon(DaemonSettings(), set_up(taken.append), [Legs(9, woman[:20_000], taken)], lambda line: None)
    daemon.run()
    assert not daemon.pipelines
    names = {"leg", *(f"leg-{number}" for number in range(2, 10))}
    ended = [name for message in taken if isinstance(message, HealthMessage) for name in message.ended]
    assert sorted(ended) == sorted(names)
    finals = [message.stream for message in taken if isinstance(message, CallMessage) and message.final]
    assert sorted(finals) == sorted(names)
    for name in names:
        windows = [each for each in taken if isinstance(each, WindowMessage) and each.stream == name]
        assert [window.sequence for window in windows] == [0, 1]


def test_forgotten_streams_hold_no_memory(set_up: Callable[..., Setup], woman: Samples) -> None:
    """Forty streams more leave no ring, window or resampler behind, without the garbage collector's help."""
    streams = Streams(set_up(lambda message: None), None, lambda line: None)

    def call() -> None:
        ring = streams.open("leg", rate=8000, live=True, timed=True)
        ring.write(woman[:20_000])
        ring.close()

    call()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(10):
            call()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(40):
            call()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        cycles = gc.collect()
        gc.enable()
    assert cycles < 40
    assert grown < 40 * 20_000  # bytes: a ring alone has 160 000


class Failing:
    """A Source that breaks after `samples`."""

    source = "failing"

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def capture(self, intake: Intake) -> None:
        with ChannelWriter(intake, "s", InputSettings(), channels=1, rate=16000, live=False, timed=False) as writer:
            writer.write(self._samples[:, np.newaxis])
            raise UnusableError("broken")


@pytest.mark.parametrize(("size", "windows"), [(20_000, 0), (40_000, 2)])
def test_a_source_that_fails_publishes_nothing_that_is_padded(
    set_up: Callable[..., Setup], woman: Samples, size: int, windows: int
) -> None:
    """Only whole windows are decided on where a source breaks: the recording was not short, but cut off."""
    taken: list[AnyMessage] = []
    streams = Streams(set_up(taken.append), None, lambda line: None)
    with pytest.raises(UnusableError):
        Failing(woman[:size]).capture(streams)
    heard = [message for message in taken if isinstance(message, WindowMessage)]
    assert [window.padded for window in heard] == [0] * windows


class Faulty:
    """A Source with a fault of ours, after `samples`."""

    source = "faulty"

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def capture(self, intake: Intake) -> None:
        with ChannelWriter(intake, "bad", InputSettings(), channels=1, rate=16000, live=False, timed=False) as writer:
            writer.write(self._samples[:, np.newaxis])
            writer.skip("two")  # type: ignore[arg-type]


class Patient:
    """A Source that goes on until `enough`, and a little longer."""

    source = "patient"

    def __init__(self, samples: Samples, enough: Callable[[], bool]) -> None:
        self._samples, self._enough = samples, enough

    def capture(self, intake: Intake) -> None:
        with ChannelWriter(intake, "good", InputSettings(), channels=1, rate=16000, live=False, timed=True) as writer:
            while not self._enough():
                writer.write(self._samples[:8_000, np.newaxis])
            writer.write(self._samples[:, np.newaxis])


def test_a_fault_that_nobody_foresaw_is_told_at_once(set_up: Callable[..., Setup], woman: Samples) -> None:
    """While others go on: by a line, and in health, whose stream and input say what happened; and at the end."""
    taken: list[AnyMessage] = []
    said: list[str] = []

    def told() -> bool:
        healths = [message for message in taken if isinstance(message, HealthMessage)]
        return bool(said) and any(health.failed for health in healths)

    sources = [Faulty(woman[:40_000]), Patient(woman, told)]
    daemon = Daemon(DaemonSettings(), set_up(taken.append), sources, said.append)
    with pytest.raises(TypeError):
        daemon.run()
    (line,) = said
    assert re.fullmatch(r"<4>faulty: TypeError: .* \(ring.py:\d+\), which nobody .* report it; the other .*", line)
    ended = {name: health for each in taken if isinstance(each, HealthMessage) for name, health in each.streams.items()}
    assert (ended["good"].state, ended["good"].cause) == ("ended", None)
    assert ended["bad"].state == "ended"
    assert ended["bad"].cause
    assert f"faulty: {ended['bad'].cause}" in line
    last = taken[-1]
    assert isinstance(last, HealthMessage)
    assert last.failed == {"faulty": ended["bad"].cause}


def test_refusals_are_counted_and_said_once(set_up: Callable[..., Setup]) -> None:
    """What a source would not take is in health by input and cause; one line says so, not one for each."""
    said: list[str] = []
    taken: list[AnyMessage] = []
    daemon = Daemon(DaemonSettings(), set_up(taken.append), [Refusing()], said.append)
    daemon.run()
    assert len(said) == 2
    assert isinstance(taken[-1], HealthMessage)
    assert taken[-1].refused == {"rtp://127.0.0.1:5004": {"malformed": 3, "legs": 4}}


class Refusing:
    """A Source that takes nothing."""

    source = "refusing"

    def capture(self, intake: Intake) -> None:
        for _ in range(3):
            intake.refuse("rtp://127.0.0.1:5004", "malformed")
        intake.refuse("rtp://127.0.0.1:5004", "legs", 4, why="too many")


def test_what_has_not_come_is_not_late(set_up: Callable[..., Setup], woman: Samples) -> None:
    """A live stream is due a hop after its next window's last sample came; woken without that, as by its end, now."""
    streams = Streams(set_up(lambda message: None), None, lambda line: None)
    ring = streams.open("leg", rate=16_000, live=True, timed=True)
    pipeline = streams.pipelines["leg"]
    now = time.monotonic()
    ring.write(woman[:20_000], when=now - 5.0)
    assert pipeline.due >= now
    ring.write(woman[20_000:31_999], when=now - 5.0)
    assert pipeline.due >= now
    ring.close()


class Behind:
    """A live Source that has written `samples` and stopped the daemon while the first window is decided on."""

    source = "behind"

    def __init__(self, samples: Samples, deciding: threading.Event, written: threading.Event) -> None:
        self._samples, self._deciding, self._written = samples, deciding, written
        self.stop: Callable[[], None] = lambda: None

    def capture(self, intake: Intake) -> None:
        with ChannelWriter(intake, "late", InputSettings(), channels=1, rate=16000, live=True, timed=True) as writer:
            writer.write(self._samples[:, np.newaxis])
            self._deciding.wait()
            self.stop()
        self._written.set()


def test_who_is_far_behind_at_the_end_loses_the_rest(
    set_up: Callable[..., Setup], demo_samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the end is overdue, what waits is lost, counted and told; the stream still comes to its verdict."""
    monkeypatch.setattr("stream.daemon.STOP_SECONDS", 0.0)
    taken: list[AnyMessage] = []
    said: list[str] = []
    deciding, written = threading.Event(), threading.Event()

    def take(message: AnyMessage) -> None:
        taken.append(message)
        if isinstance(message, WindowMessage):
            deciding.set()
            written.wait()

    source = Behind(demo_samples[:140_000], deciding, written)
    daemon = Daemon(DaemonSettings(), set_up(take), [source], said.append)
    source.stop = daemon.stop
    daemon.run()
    windows = [message for message in taken if isinstance(message, WindowMessage)]
    assert len(windows) == 1
    ended = next(message.streams["late"] for message in taken if isinstance(message, HealthMessage) and message.ended)
    assert (ended.captured, ended.processed, ended.waiting) == (140_000, 32_000, 0)
    assert ended.lost["lapped"] == 140_000 - 32_000
    assert [message.final for message in taken if isinstance(message, CallMessage)][-1]
    assert said == ["<4>stopping: 1 streams were behind; what they had not decided on yet is lost"]


def test_samples_that_do_not_add_up_are_told(
    set_up: Callable[..., Setup], woman: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, where the daemon counts what it has dealt with and misses some of what it captured; else never."""
    for miscounted in (False, True):
        if miscounted:
            monkeypatch.setattr(Pipeline, "_count", lambda pipeline, piece: None)
        said: list[str] = []
        Daemon(DaemonSettings(), set_up(lambda message: None), [Legs(2, woman[:20_000], [])], said.append).run()
        assert [line.partition(":")[0] for line in said] == ["<3>leg"] * miscounted
