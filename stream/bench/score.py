"""`genderstream score` over a long recording: how many times faster than real time, and how its memory grows."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from models import GenderstreamError
from stream.bench.result import Bar, Number, Result
from stream.bench.sound import demo
from stream.records import SAMPLE_RATE

RESULTS = {
    "score_realtime_factor": Bar("seconds of audio that score does in a second of processor time", "×", 1000.0, 2000.0),
    "score_memory_growth_mb": Bar(
        "memory at most, of a long recording over a short one's", "MB", 10.0, 2.0, least=True
    ),
}

_LONG, _SHORT = 3600, 60  # seconds
_MEGABYTE = 1 << 20
_RSS_UNIT = 1024 if sys.platform.startswith("linux") else 1  # bytes: what ru_maxrss counts


class _Cost(NamedTuple):
    cpu_seconds: float
    memory_mb: float  # at most


def measure(*, quick: bool) -> Iterator[Result]:
    """The long recording is an hour, or ten minutes."""
    seconds = _LONG // 6 if quick else _LONG
    with tempfile.TemporaryDirectory() as folder:
        short, long = _score(Path(folder), _SHORT), _score(Path(folder), seconds)
    yield Number("score_realtime_factor", seconds / long.cpu_seconds)
    yield Number("score_memory_growth_mb", long.memory_mb - short.memory_mb)


def _score(folder: Path, seconds: int) -> _Cost:
    """What the command costs, its start included, on `seconds` of the demo over and over."""
    path, samples = folder / f"{seconds}.wav", demo()
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_16") as file:
        for at in range(0, seconds * SAMPLE_RATE, samples.size):
            file.write(np.resize(samples, min(samples.size, seconds * SAMPLE_RATE - at)))
    command = [sys.executable, "-m", "stream", "score", str(path), "--out", str(folder / f"{seconds}.jsonl")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise GenderstreamError(f"{' '.join(command)} ended with {process.returncode}")
    return _Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT / _MEGABYTE)
