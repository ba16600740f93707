"""`python -m stream.diagnose.probe`: load the kernels as the daemon does, and say on standard output how it went.

A process of its own, so that the time is that of a fresh start, and nothing that happens in it (no cache
folder, a compiler that crashes, an instruction that this processor lacks) ends doctor.
"""

import importlib
import sys
import time

import msgspec
import numpy as np

from models import LogMelSpec
from stream.diagnose.kernels import KernelReport
from stream.diagnose.stopwatch import median_ms

_ROUNDS, _WARM_UP = 30, 5
_RATE, _WINDOW = 16_000, 32_000  # Hz; samples: the daemon's usual window


def main() -> None:
    """Load, measure, report."""
    began = time.perf_counter()
    numba = importlib.import_module("numba")
    kernels = importlib.import_module("stream.features.kernels")
    loaded = time.perf_counter() - began
    log_mel = importlib.import_module("stream.features").LogMel(LogMelSpec(), sample_rate=_RATE, window=_WINDOW)
    window = np.random.default_rng(0).integers(-9999, 9999, _WINDOW).astype(np.int16)
    stats = kernels.log_mel.stats
    report = KernelReport(
        numba=numba.__version__,
        load_seconds=loaded,
        compiled=not stats.cache_hits,
        folder=str(stats.cache_path),
        configured=str(numba.config.CACHE_DIR or ""),
        window_ms=median_ms(lambda: log_mel(window), rounds=_ROUNDS, warm_up=_WARM_UP),
    )
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
