"""A process that decides, as seen from the one that publishes."""

import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from models import GenderstreamError
from stream.clocks import ClockHealth
from stream.messages import StreamHealth
from stream.worker import Share, work

_PATIENCE = 5.0  # seconds for a process to end once it has said that it does
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Worker:
    """The process, the pipe to it, and what it said of itself last."""

    def __init__(self, number: int, share: Share, before: "Worker | None" = None) -> None:
        """`before`: the dead one in whose place it stands."""
        context = multiprocessing.get_context("spawn")
        self.number, self.share, self.began = number, share, time.monotonic()
        self.attempt: int = before.attempt if before else 0  # how many have died here, soon after each other
        self.inputs = [source for source, _ in share.inputs]
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=work, args=(theirs, share), name=f"worker {number}")
        with _unsignalled():
            self.process.start()
        theirs.close()  # so that it breaks with the process
        self.ready = False
        self.error: GenderstreamError | None = None
        self.refused: dict[str, dict[str, int]] = {}
        self.refused_before = before.all_refused if before else {}
        self.failed: dict[str, str] = {}
        self.clock = ClockHealth()
        self.streams: dict[str, StreamHealth] = {}  # that have not ended

    @property
    def all_refused(self) -> dict[str, Counter[str]]:
        """By it and by those whose place it took: by input, by cause."""
        total = {source: Counter(causes) for source, causes in self.refused_before.items()}
        for source, causes in self.refused.items():
            total.setdefault(source, Counter()).update(causes)
        return total

    def tell(self, word: bytes, content: bytes = b"") -> None:
        """Tell it `word`, if it is still there."""
        try:
            self.pipe.send_bytes(word + content)
        except OSError:
            return  # that it has ended is heard soon

    def close(self) -> int:
        """Let the process end, which has nothing more to say. Its exit status; negative: killed by that signal."""
        self.pipe.close()
        self.process.join(_PATIENCE)
        self.process.kill()
        self.process.join()
        status = self.process.exitcode or 0
        self.process.close()
        return status


@contextmanager
def _unsignalled() -> Iterator[None]:
    """Processes that start meanwhile never get the signals that ask for the end: whoever started them tells them."""
    resource_tracker.ensure_running()  # multiprocessing's own helper: as it starts, it lets all signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
