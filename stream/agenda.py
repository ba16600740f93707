"""What the worker does next: the stream whose work is due first, of those that can go on. Nothing is polled."""

import time
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

_Stream = TypeVar("_Stream")


class Agenda(Generic[_Stream]):
    """Any thread adds, one takes. `due` tells when the work of a stream is due (time.monotonic), as it is noted."""

    def __init__(self, due: Callable[[_Stream], float]) -> None:
        self._due = due
        self._added: SimpleQueue[_Stream | None] = SimpleQueue()
        self._noted: list[tuple[float, int, _Stream]] = []  # a heap; of equals the first noted is the first taken
        self._numbers = count()
        self._latest = 0.0  # seconds

    def add(self, stream: _Stream) -> None:
        """`stream` can go on. Never waits, so that an audio callback may call it."""
        self._added.put(stream)

    def nudge(self) -> None:
        """Let whoever waits in `take` look up."""
        self._added.put(None)

    def take(self, until: float) -> _Stream | None:
        """The stream that is due first; None where there is none until then (time.monotonic), or after a nudge."""
        while not self._added.empty():
            if not self._note(self._added.get()):
                return None
        if not self._noted:
            try:
                if not self._note(self._added.get(timeout=max(until - time.monotonic(), 0.0))):
                    return None
            except Empty:
                return None
        due, _, stream = heappop(self._noted)
        self._latest = max(self._latest, time.monotonic() - due)
        return stream

    def lateness(self) -> float:
        """By how many seconds work was taken after it was due, at the worst since this was asked last; 0: in time."""
        latest, self._latest = self._latest, 0.0
        return latest

    def _note(self, stream: _Stream | None) -> bool:
        if stream is None:
            return False
        heappush(self._noted, (self._due(stream), next(self._numbers), stream))
        return True
