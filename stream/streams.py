"""The streams of one run, by name: opened at the asking of sources, woken, and forgotten once they have ended."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from models import GenderstreamError
from stream.memory import sparing_memory
from stream.names import Namer, Names
from stream.outputs.audio import AudioKeeper, make_folder
from stream.pipeline import Listener, Pipeline, Setup
from stream.ring import Ring
from stream.words import WARNING

RING_SECONDS = 10
"""How long the worker may be held up before a live stream loses samples."""


class Streams:
    """The pipelines of one run, by name. The Intake that sources open streams at, but for `wake`."""

    def __init__(
        self,
        setup: Setup,
        save_audio: str | None,
        say: Callable[[str], None],
        listen: Callable[[str], Listener] | None = None,
        names: Namer | None = None,
    ) -> None:
        """`listen` gives each new stream one more listener; `names` its name, where others' streams have names, too.

        Raises UnusableError where audio cannot be kept in `save_audio`.
        """
        self.stopping = threading.Event()
        self.say = say
        self.pipelines: dict[str, Pipeline] = {}  # those that have not been forgotten
        self.refused: dict[str, Counter[str]] = {}  # by input, by cause
        self._names = names or Names()
        self._setup = setup
        self._save_audio = Path(save_audio) if save_audio else None
        if self._save_audio:
            make_folder(self._save_audio)
        self._listen = listen
        self._opening = threading.Lock()

    def open(self, stream: str, *, rate: int, live: bool, timed: bool) -> Ring:
        """A ring whose samples become windows of `stream`, or of `stream-2`, `-3`, … where it was given before.

        Raises NoMemoryError.
        """
        with self._opening, sparing_memory():
            name = self._names.give(stream)
            ring = Ring(RING_SECONDS * rate, live=live, wake=lambda: self.wake(name))  # by name: no cycle keeps memory
            pipeline = Pipeline(name, ring, rate, self._setup, timed=timed, listeners=tuple(self._listeners(name)))
            self.pipelines[name] = pipeline
        self.wake(name)
        return ring

    def refuse(self, source: str, cause: str, count: int = 1, *, why: str = "") -> None:
        """Count that `source` would not take something; say so the first time."""
        causes = self.refused.setdefault(source, Counter())
        if not causes[cause]:
            self.say(f"{WARNING}{source} refused ({cause}){why and ': '}{why}; health counts what follows")
        causes[cause] += count

    def _listeners(self, name: str) -> Iterator[Listener]:
        if self._save_audio:
            yield AudioKeeper(self._save_audio, name, self._setup.epoch, self._lose)
        if self._listen:
            yield self._listen(name)

    def _lose(self, why: str) -> None:
        """Something that was asked for beside the decisions cannot be done: here nobody may miss it."""
        raise GenderstreamError(why)

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
        if pipeline.ended:
            self._forget(pipeline)
        return more

    def _forget(self, pipeline: Pipeline) -> None:
        """Free all that a stream that has ended still holds; its name is never given again."""
        del self.pipelines[pipeline.name]
