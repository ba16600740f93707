"""This process as the system sees it, under the names that all Prometheus exporters use, and those it has started."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from stream.outputs.metrics.text import Family

_PROCESSES = Path("/proc")
_BEGAN = time.time()


def process_families() -> Iterator[Family]:
    """Memory, processor time, threads and open files; only Linux tells all of them."""
    times = os.times()
    yield Family("process_cpu_seconds_total", "counter", "processor time").add(times.user + times.system)
    yield Family("process_start_time_seconds", "gauge", "when it began, since 1970").add(_BEGAN)
    yield Family("genderstream_threads", "gauge", "Python threads").add(threading.active_count())
    with suppress(OSError):
        yield Family("process_resident_memory_bytes", "gauge", "memory in use").add(_resident_bytes("self"))
        files = len(os.listdir(_PROCESSES / "self" / "fd"))  # noqa: PTH208 - names are all we want
        yield Family("process_open_fds", "gauge", "open files and sockets").add(files)
        children = _children()
        about = "memory of the processes that it has started: microphones, workers"
        yield Family("genderstream_children_resident_memory_bytes", "gauge", about).add(sum(children.values()))
        yield Family("genderstream_children", "gauge", "processes that it has started").add(len(children))


def _children() -> dict[str, int]:
    """Resident bytes of each process that a thread of ours has started, by its number."""
    found = {}
    for task in (_PROCESSES / "self" / "task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text("ascii").split():
                with suppress(OSError):
                    found[child] = _resident_bytes(child)
    return found


def _resident_bytes(process: str) -> int:
    pages = int((_PROCESSES / process / "statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
