"""What is counted of windows: one writing thread, any thread may read."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from stream.messages import WindowMessage

BOUNDS_MS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0)
"""Upper ends of the latency histogram's buckets; what is later is in one more."""


class Tally:
    """Windows of one stream, or of several."""

    def __init__(self) -> None:
        self.windows: Counter[tuple[str, str]] = Counter()  # by state and label
        self.latencies = [0] * (len(BOUNDS_MS) + 1)  # windows in each bucket
        self.latency_ms = 0.0  # the sum

    def count(self, window: WindowMessage) -> None:
        """One window more."""
        self.windows[window.state, window.label] += 1
        if window.latency_ms is not None:
            self.latencies[bisect_left(BOUNDS_MS, window.latency_ms)] += 1
            self.latency_ms += window.latency_ms

    def copy(self) -> "Tally":
        """As it is now."""
        return summed([self])


def summed(tallies: Iterable[Tally]) -> Tally:
    """Several as one."""
    total = Tally()
    for tally in tallies:
        total.windows.update(dict(tally.windows))
        total.latencies = [a + b for a, b in zip(total.latencies, tuple(tally.latencies), strict=True)]
        total.latency_ms += tally.latency_ms
    return total
