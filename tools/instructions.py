"""How many instructions the log-mel kernel takes: a figure that no other program on the machine can disturb.

`python tools/instructions.py` counts with valgrind's callgrind (apt-get install valgrind). Valgrind knows no
AVX-512, so the kernel is compiled for AVX2. Two processes differ in nothing but how often they call it: the
difference is the kernel's own, with what Python adds to a call.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

FEW, MANY = 100, 1100  # calls
STAGES = {"window": 32_000, "hop": 8_000}  # fresh samples of 2 s
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+sse4.2,+bmi,+bmi2"}


def call(stage: str, times: int) -> None:
    """The log-mel of `stage`, so many times."""
    from models import LogMelSpec  # noqa: PLC0415 - only the processes that are counted need the kernels
    from stream.features import LogMel  # noqa: PLC0415

    samples = np.random.default_rng(0).integers(-9999, 9999, STAGES["window"]).astype(np.int16)
    log_mel = LogMel(LogMelSpec(), sample_rate=16_000, window=samples.size)
    log_mel(samples)
    for _ in range(times):
        log_mel(samples, STAGES[stage])


def count(stage: str, times: int, cache: str) -> int:
    """Instructions of a process that calls it so many times."""
    own = [sys.executable, __file__, stage, str(times)]
    environment = os.environ | AVX2 | {"NUMBA_CACHE_DIR": cache, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    subprocess.run(own, env=environment, check=True)  # compiles, so that it need not be under valgrind
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    told = subprocess.run([*valgrind, *own], env=environment, check=True, capture_output=True, text=True).stderr
    found = re.search(r"Collected : (\d+)", told)
    assert found, told
    return int(found[1])


def main() -> None:
    """Print instructions of one window and of one hop."""
    with tempfile.TemporaryDirectory() as cache:
        for stage in STAGES:
            each = (count(stage, MANY, cache) - count(stage, FEW, cache)) / (MANY - FEW)
            print(f"log-mel of a {stage:8}{each:12,.0f} instructions", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        call(sys.argv[1], int(sys.argv[2]))
    else:
        main()
