"""A process for each measurement: one core, one thread for each library, nothing left over from the one before."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import msgspec

from models import GenderstreamError
from stream.bench.result import Result

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
"""Read by the libraries when they are loaded: that is why a process must be started for it."""

_PRIORITY = -15  # as nice(1) has them: less comes first

ONE_THREAD = dict.fromkeys((*_THREADS, "TF_NUM_INTEROP_THREADS"), "1") | {"TF_CPP_MIN_LOG_LEVEL": "3"}


def run_measurement(name: str, *, quick: bool) -> Iterator[Result]:
    """What measurement `name` yields, as it comes. In its own session. Raises GenderstreamError where it breaks."""
    command = [sys.executable, "-m", "stream.bench", name, *(["--quick"] if quick else [])]
    environment = os.environ | ONE_THREAD
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=environment, start_new_session=True
        ) as process,
    ):
        assert process.stdout
        _raise_session(process.pid)
        try:
            yield from (msgspec.json.decode(line, type=Result) for line in process.stdout)
        except BaseException:  # Ctrl-C does not reach that session by itself
            os.killpg(process.pid, signal.SIGINT)
            raise
        if process.wait():
            errors.seek(0)
            _give_up(name, errors.read().decode(errors="replace"))


def _give_up(name: str, errors: str) -> NoReturn:
    reason = (errors.strip().splitlines() or ["without a word"])[-1]
    raise GenderstreamError(f"the measurement {name} broke: {reason}; python -m stream.bench {name} says more")


def pin(core: int = -1) -> None:
    """Run on one core only, the last by default, where the system can be told so."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def elsewhere() -> None:
    """Before a child runs: any core but this one, where there is another; what it does is not to be measured."""
    if hasattr(os, "sched_setaffinity"):
        others = set(range(os.cpu_count() or 1)) - os.sched_getaffinity(0)
        os.sched_setaffinity(0, others or os.sched_getaffinity(0))


def raise_priority() -> None:
    """Come before other programs on this core, where the system lets us, so that they disturb little."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)


def _raise_session(pid: int) -> None:
    """The same for the session of `pid`: Linux divides a core among sessions first, then each part by priority."""
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(_PRIORITY), "ascii")
