"""How many instructions each stage of a hop takes: a figure that no other program on the machine can disturb.

`python tools/instructions.py` counts with valgrind's callgrind (apt-get install valgrind). Valgrind knows no
AVX-512, so all is compiled for AVX2. A stage runs REPEATS times in one process and not at all in another: the
difference is its own.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPEATS = 40
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+sse4.2,+bmi,+bmi2"}


# ruff: noqa: PLC0415 - the process that counts needs none of this
def stages() -> dict[str, Callable[[], object]]:
    """What can be counted, by name: each is warm."""
    from models import LogMelSpec, load_model
    from stream.bench.line import LineStream
    from stream.bench.logmel import HOP, WINDOW
    from stream.bench.sound import speech
    from stream.classify import Classifier
    from stream.features import LogMel
    from stream.messages import encode
    from stream.pipeline import Setup
    from stream.records import SAMPLE_RATE, AudioBlock
    from stream.vad import Vad, VadSettings
    from stream.windows import WindowSettings

    samples = speech()
    window = samples[:WINDOW].copy()
    log_mel = LogMel(LogMelSpec(), sample_rate=SAMPLE_RATE, window=WINDOW)
    features, classify = log_mel(window), Classifier(load_model())
    vad, block = Vad(VadSettings()), AudioBlock(0, samples[:HOP])
    model = load_model()
    setup = Setup(model, classify, WindowSettings(), VadSettings(), "count", encode)
    stream = LineStream("count", samples, setup)
    for _ in range(8):
        stream.hop()
    return {
        "nothing": lambda: None,
        "log-mel of a window": lambda: log_mel(window),
        "log-mel of a hop": lambda: log_mel(window, HOP),
        "VAD of a hop": lambda: vad.hear(block),
        "model": lambda: classify(features),
        "whole hop, but for ZeroMQ": stream.hop,
    }


def count(stage: str, cache: str) -> int:
    """Instructions of a process that runs `stage` REPEATS times."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, __file__, stage]
    environment = os.environ | AVX2 | {"NUMBA_CACHE_DIR": cache, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    subprocess.run(command[3:], env=environment, check=True)  # compiles, so that it need not be under valgrind
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stderr
    found = re.search(r"Collected : (\d+)", told)
    assert found, told
    return int(found[1])


def main() -> None:
    """Print a line for each stage."""
    if len(sys.argv) > 1:
        work = stages()[sys.argv[1]]
        for _ in range(REPEATS):
            work()
        return
    names = list(stages())
    with tempfile.TemporaryDirectory() as cache:
        start = count(names[0], cache)
        for name in names[1:]:
            print(f"{name:28}{(count(name, cache) - start) / REPEATS:12,.0f}", flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
