"""How long something takes here."""

import statistics
import time
from collections.abc import Callable


def median_ms(work: Callable[[], object], *, rounds: int, warm_up: int) -> float:
    """Median time that `work` takes, in milliseconds, after `warm_up` rounds."""
    taken = []
    for _ in range(warm_up + rounds):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken[warm_up:])
