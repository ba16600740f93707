"""From the command to the first decision, beyond the audio that it needs; and what the daemon keeps in memory."""

import statistics
from collections.abc import Iterator

from stream.bench.daemon import BenchDaemon
from stream.bench.result import Bar, Number, Result

RESULTS = {
    "start_seconds": Bar(
        "start to the first decision, beyond its 2 s of audio; warm caches", "s", 1.5, 1.0, least=True
    ),
    "rss_mb": Bar("resident memory of the daemon with one live stream", "MB", 230.0, 170.0, least=True),
}

_SETTLED = 10.0  # seconds of a stream, as long as its ring


def measure(*, quick: bool) -> Iterator[Result]:
    """One live stream, begun anew each time."""
    taken = []
    for _ in range(1 if quick else 5):
        with BenchDaemon("load://1") as daemon:
            first = daemon.hear(4.0)[0]
            taken.append(first.published - daemon.started - first.end)
            if len(taken) == 1:
                daemon.hear(0.0 if quick else _SETTLED)
                memory = daemon.memory_mb
    yield Number("start_seconds", statistics.median(taken))
    yield Number("rss_mb", memory)
