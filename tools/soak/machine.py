"""What the machine did meanwhile: whether the daemon got the processor that it asked for. Linux."""

import os
from pathlib import Path
from typing import NamedTuple

_TICK = 1.0 / os.sysconf("SC_CLK_TCK")  # seconds
_NANOSECONDS = 1e-9
_CORES = os.cpu_count() or 1


class Reading(NamedTuple):
    """Seconds since the machine or the daemon began; `when` by the monotonic clock."""

    when: float
    ran: float  # the daemon's worker had a processor
    waited: float  # it wanted one, and others had it
    busy: float  # all processors of the machine together: not idle
    stolen: float  # … given to other machines by the host


class Spent(NamedTuple):
    """The same between two readings, as shares of one processor, and of the whole machine."""

    ran: float
    waited: float
    busy: float
    stolen: float


def read_machine(process: int, when: float) -> Reading:
    """Now. The worker is the first thread of `process`. Raises OSError where that has ended."""
    ran, waited, _ = Path(f"/proc/{process}/schedstat").read_text("ascii").split()
    user, nice, system, _idle, _disk, irq, softirq, steal = (
        int(each) * _TICK for each in Path("/proc/stat").read_text("ascii").split(maxsplit=9)[1:9]
    )
    busy = user + nice + system + irq + softirq + steal
    return Reading(when, int(ran) * _NANOSECONDS, int(waited) * _NANOSECONDS, busy, steal)


def spent(before: Reading, after: Reading) -> Spent:
    """What the time between the two went into."""
    took = max(after.when - before.when, _TICK)
    return Spent(
        ran=(after.ran - before.ran) / took,
        waited=(after.waited - before.waited) / took,
        busy=(after.busy - before.busy) / took / _CORES,
        stolen=(after.stolen - before.stolen) / took / _CORES,
    )
