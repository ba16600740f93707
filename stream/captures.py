"""The threads that sources are captured in: few, however many recordings there are."""

import heapq
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from stream.sources import Intake, Source
from stream.sources.recording import Recording, SoundingRecording

_AT_ONCE = 8  # recordings at full speed: one worker decides on all, and each takes memory
_BLOCKS_PER_SECOND = 2000  # of all recordings that sound together: each costs the worker's core about 50 µs
_BLOCK_SECONDS = (0.05, 0.5)  # the least and the most


@contextmanager
def capturing(sources: Sequence[Source], intake: Intake) -> Iterator[list[Future[None]]]:
    """Capture all `sources` meanwhile; wait for their end. A future for each, in their order.

    Recordings that sound share one thread, those at full speed are taken a few at a time; any other source has a
    thread of its own.
    """
    sounding = [source for source in sources if isinstance(source, SoundingRecording)]
    others = sum(not isinstance(source, Recording) for source in sources)
    with ExitStack() as threads:
        pool = threads.enter_context(ThreadPoolExecutor(max(others, 1), thread_name_prefix="capture"))
        files = threads.enter_context(ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="recordings"))
        player = Player(sounding, intake)
        if sounding:
            threads.callback(player.join)
            player.start()
        yield [
            player.ends[source] if isinstance(source, SoundingRecording)
            else (files if isinstance(source, Recording) else pool).submit(source.capture, intake)
            for source in sources
        ]  # fmt: skip


class Player(threading.Thread):
    """Plays recordings as they sound, all in this one thread."""

    def __init__(self, recordings: Sequence[SoundingRecording], intake: Intake) -> None:
        super().__init__(name="player")
        self.ends: dict[SoundingRecording, Future[None]] = {recording: Future() for recording in recordings}
        self._intake = intake

    def run(self) -> None:
        """Push each recording's blocks when they are due, until all have ended, or stopping."""
        least, most = _BLOCK_SECONDS
        seconds = min(max(len(self.ends) / _BLOCKS_PER_SECOND, least), most)
        playing = [
            (0.0, number, recording.play(self._intake, seconds), end)
            for number, (recording, end) in enumerate(self.ends.items())
        ]
        while playing:
            due, number, steps, end = playing[0]
            self._intake.stopping.wait(max(due - time.monotonic(), 0.0))
            try:
                heapq.heapreplace(playing, (next(steps), number, steps, end))
            except StopIteration:
                heapq.heappop(playing)
                end.set_result(None)
            except BaseException as error:  # noqa: BLE001 - whoever reads the future gets it
                heapq.heappop(playing)
                end.set_exception(error)
