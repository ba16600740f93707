"""What the tests of calls share: an exchange: ports that are served in this process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Any

import msgspec
import numpy as np
import pytest

from models import load_model
from stream.classify import Classifier
from stream.messages import AnyMessage, WindowMessage
from stream.overload import OverloadSettings
from stream.pipeline import Setup
from stream.records import Samples
from stream.sources import InputSettings, open_source
from stream.sources.switchboard import gather
from stream.streams import Streams
from stream.vad import VadSettings
from stream.windows import WindowSettings

PATIENCE = 60  # seconds
FREE = {"epoch", "time", "latency_ms", "stream"}
ALL = OverloadSettings(most_skipped=0)  # however busy the machine is, all windows are decided


class Exchange(Streams):
    """An Intake that serves ports in a thread, decides in place, and remembers what it was told."""

    def __init__(self, setup: Callable[[Any], Setup]) -> None:
        self.messages: list[AnyMessage] = []
        self.said: list[str] = []
        self.opened: SimpleQueue[str] = SimpleQueue()
        self._news: SimpleQueue[None] = SimpleQueue()
        super().__init__(setup(self._take), None, self.said.append)
        self._thread: threading.Thread | None = None

    def _take(self, message: AnyMessage) -> None:
        self.messages.append(message)
        self._news.put(None)

    def refuse(self, source: str, cause: str, count: int = 1, *, why: str = "") -> None:
        super().refuse(source, cause, count, why=why)
        self._news.put(None)

    def open(self, stream: str, **options: Any) -> Any:
        ring = super().open(stream, **options)
        self._news.put(None)
        return ring

    def serve(self, *inputs: Any, **settings: Any) -> list[tuple[str, int]]:
        """Serve these inputs, or ports, until `close`; the address of each."""
        ports: list[Any] = [
            open_source(each, InputSettings(**settings)) if isinstance(each, str) else each for each in inputs
        ]
        (board,) = gather(ports)
        self._thread = threading.Thread(target=board.capture, args=(self,), daemon=True)
        self._thread.start()
        addresses = [port.source.partition("://")[2].rpartition(":") for port in ports]
        return [(host.strip("[]"), int(port)) for host, _, port in addresses]

    def await_that(self, happened: Callable[[], bool]) -> None:
        """Wait until a message, a refusal or a new stream makes it so."""
        while not happened():
            self._news.get(timeout=PATIENCE)

    def windows(self, stream: str | None = None) -> list[WindowMessage]:
        """The window messages so far."""
        found = [each for each in self.messages if isinstance(each, WindowMessage)]
        return [each for each in found if stream in (None, each.stream)]

    def close(self) -> None:
        """Stop serving; all legs end."""
        self.stopping.set()
        if self._thread:
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive()

    def essence(self) -> list[dict[str, Any]]:
        """The messages, but for what may differ between equal calls."""
        rows = [msgspec.to_builtins(message) for message in self.messages]
        return [{key: value for key, value in row.items() if key not in FREE} for row in rows]


@pytest.fixture
def exchange(classifier: Classifier) -> Iterator[Callable[[], Exchange]]:
    """exchange(): a new one."""
    with ExitStack() as stack:

        def exchange() -> Exchange:
            common = (load_model(), classifier, WindowSettings(), VadSettings(), "epoch")
            made = Exchange(lambda take: Setup(*common, take, overload=ALL))
            stack.callback(made.close)
            return made

        yield exchange


@pytest.fixture(scope="session")
def telephone(demo_samples: Samples) -> Samples:
    """The demo's first 10 s as a telephone has it: int16[n] at 8 kHz."""
    return np.ascontiguousarray(demo_samples[: 10 * 16_000 : 2])
