"""How much processor time something takes: medians of alternating rounds, so that noise hits all alike."""

import statistics
import time
from collections.abc import Callable

Work = Callable[[], object]

_WARM_UP = 0.2  # of the rounds


def cpu_us(*works: Work, rounds: int, repeats: int = 1) -> list[float]:
    """Median processor time of one call of each of `works` in µs, all threads of the process together.

    A round calls each in turn, `repeats` times; the first fifth of the rounds warms up and does not count.
    """
    taken: list[list[int]] = [[] for _ in works]
    for _ in range(rounds + int(rounds * _WARM_UP) + 1):
        for work, times in zip(works, taken, strict=True):
            began = time.process_time_ns()
            for _ in range(repeats):
                work()
            times.append(time.process_time_ns() - began)
    return [statistics.median(times[-rounds:]) / repeats / 1000.0 for times in taken]
