"""An error that nobody foresaw and that ends one of our threads ends the daemon, too: half of one helps nobody."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from models import GenderstreamError
from stream.cli._reload import RELOAD
from stream.sources.failure import tell_failure
from stream.words import ERROR


@contextmanager
def watching_threads(stop: Callable[[], None], say: Callable[[str], None]) -> Iterator[None]:
    """Meanwhile such an error is told, and `stop` called; raises GenderstreamError at the end.

    A service manager then starts the daemon anew. Sources' threads are looked after by the daemon itself.
    """
    faults: list[str] = []
    before = threading.excepthook

    def note(fault: threading.ExceptHookArgs) -> None:
        name = fault.thread.name if fault.thread else "a thread"
        if name != RELOAD:  # there the old configuration goes on
            faults.append(f"the thread {name} has ended: {tell_failure(fault.exc_value or RuntimeError())}")
            say(f"{ERROR}{faults[-1]}; stopping")
            stop()
        before(fault)  # prints the traceback, for whoever mends it; fails where standard error takes none

    threading.excepthook = note
    try:
        yield
    finally:
        threading.excepthook = before
    if faults:
        raise GenderstreamError(faults[0])
