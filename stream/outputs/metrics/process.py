"""This process as the system sees it, under the names that all Prometheus exporters use."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from stream.outputs.metrics.text import Family

_OWN = Path("/proc/self")
_BEGAN = time.time()


def process_families() -> Iterator[Family]:
    """Memory, processor time, threads and open files; only Linux tells all of them."""
    times = os.times()
    yield Family("process_cpu_seconds_total", "counter", "processor time").add(times.user + times.system)
    yield Family("process_start_time_seconds", "gauge", "when it began, since 1970").add(_BEGAN)
    yield Family("genderstream_threads", "gauge", "Python threads").add(threading.active_count())
    with suppress(OSError):
        pages = int((_OWN / "statm").read_text("ascii").split()[1])
        bytes_ = pages * os.sysconf("SC_PAGE_SIZE")
        yield Family("process_resident_memory_bytes", "gauge", "memory in use").add(bytes_)
        yield Family("process_open_fds", "gauge", "open files and sockets").add(len(os.listdir(_OWN / "fd")))  # noqa: PTH208
