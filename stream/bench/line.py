"""The line as the daemon has it, without its threads: streams that are fed and worked on in place."""

import subprocess
import sys
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from models import load_model
from stream.bench.process import elsewhere
from stream.classify import Classifier
from stream.outputs.publisher import Publisher, PublisherSettings
from stream.pipeline import Pipeline, Setup
from stream.records import SAMPLE_RATE, Samples
from stream.ring import Ring
from stream.streams import RING_SECONDS
from stream.vad import VadSettings
from stream.windows import WindowSettings

FREE = "tcp://127.0.0.1:*"
_EPOCH = "bench"
_SETTLING = 4.0  # seconds until the first windows are over


class LineStream:
    """One stream that hears `samples` over and over, a hop at a time."""

    def __init__(self, name: str, samples: Samples, setup: Setup) -> None:
        self._samples, self._at = samples, 0
        self._hop = setup.windows.hop_samples
        self._ring = Ring(RING_SECONDS * SAMPLE_RATE, live=True, wake=lambda: None)
        self._pipeline = Pipeline(name, self._ring, SAMPLE_RATE, setup, timed=True, listeners=())

    def hop(self) -> None:
        """A hop of audio arrives, and is worked on as far as it goes."""
        if self._at + self._hop > self._samples.size:
            self._at = 0
        self._ring.write(self._samples[self._at : self._at + self._hop])
        self._at += self._hop
        while self._pipeline.advance():
            pass


class Line:
    """The shipped model and a publisher; one `genderstream subscribe` listens in a process of its own."""

    def __init__(self, hop: float = 0.5) -> None:
        self._stack = ExitStack()
        publisher = Publisher(PublisherSettings(bind=FREE, ask=FREE), _EPOCH)
        self._stack.callback(publisher.close)
        model = load_model()
        self._setup = Setup(
            model=model,
            classifier=Classifier(model),
            windows=WindowSettings(hop),
            vad=VadSettings(),
            epoch=_EPOCH,
            take=publisher.take,
        )
        self._subscribe(publisher.endpoint, publisher.ask_endpoint)

    def stream(self, name: str, samples: Samples) -> LineStream:
        """A new stream, past its first windows."""
        stream = LineStream(name, samples, self._setup)
        for _ in range(int(_SETTLING / self._setup.windows.hop)):
            stream.hop()
        return stream

    def _subscribe(self, endpoint: str, ask: str) -> None:
        command = [sys.executable, "-m", "stream", "subscribe", "--connect", endpoint, "--ask", ask]
        subscriber = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=elsewhere,  # noqa: PLW1509 - no threads
        )  # fmt: skip
        self._stack.callback(subscriber.wait)
        self._stack.callback(subscriber.terminate)
        assert subscriber.stderr
        for line in subscriber.stderr:
            if line.startswith(b"connected"):
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
