"""Where a daemon's worker spends its time: `python tools/profile.py [STREAMS]`, a line for each stage.

Samples the real daemon under load:// with py-spy (pip install py-spy), a hundred times a second.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

SECONDS = 20
WARM_UP = 8.0  # seconds until all streams have windows
STAGES = {
    "health, looking at all streams": ("daemon.py:_look", "daemon.py:_publish_health"),
    "model": ("classify.py",),
    "VAD": ("vad.py",),
    "log-mel": ("features/",),
    "turns and verdict": ("decide/",),
    "messages": ("envelope.py", "messages.py"),
    "history and ZeroMQ": ("publisher.py",),
    "lines for people": ("terminal.py", "summary.py"),
    "ring, windows": ("ring.py", "windows.py", "resample.py"),
    "waiting for work, choosing it": ("agenda.py",),
    "the rest of the loop": ("pipeline.py", "daemon.py", "liveness.py", "overload.py", "run.py"),
}
"""A sample belongs to the first stage that one of its frames belongs to."""


def main() -> None:
    """Run, sample, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("streams", nargs="?", type=int, default=1000)
    streams = parser.parse_args().streams
    spy = Path(sys.executable).with_name("py-spy")
    if not spy.exists():
        parser.error(f"no py-spy beside {sys.executable}: pip install py-spy")
    ports = ["--bind", "tcp://127.0.0.1:*", "--ask", "tcp://127.0.0.1:*"]
    command = [sys.executable, "-m", "stream", "run", f"load://{streams}", *ports]
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(command, stderr=subprocess.DEVNULL) as daemon:
        raw = Path(folder) / "raw.txt"
        try:
            time.sleep(WARM_UP)
            record = [str(spy), "record", "--nonblocking", "--format", "raw", "-t", "-d", str(SECONDS)]
            subprocess.run([*record, "-o", str(raw), "-p", str(daemon.pid)], check=True, capture_output=True)
            samples = raw.read_text("utf-8").splitlines()
        finally:
            daemon.terminate()
    print_shares(samples)


def print_shares(samples: list[str]) -> None:
    """Each stage's share of the worker's samples, waiting apart: `frame;frame;… count` a line."""
    counts: Counter[str] = Counter()
    for line in samples:
        stack, number = line.rsplit(" ", 1)
        if "MainThread" in stack:
            counts[_stage(stack.split(";"))] += int(number)
    waiting = counts.pop("waiting for work, choosing it", 0)
    for stage, count in counts.most_common():
        print(f"{stage:32}{count / max(counts.total(), 1):6.1%}")
    print(f"{'waiting for work, choosing it':32}{waiting / max(counts.total() + waiting, 1):6.1%} of all samples")


def _stage(frames: list[str]) -> str:
    """Of a stack of `function (file:line)`, outermost first."""
    named = [_place(frame) for frame in frames]
    for stage, places in STAGES.items():
        if any(place in name for name in named for place in places):
            return stage
    return "elsewhere"


def _place(frame: str) -> str:
    function, _, rest = frame.partition(" (")
    return f"{rest.partition(':')[0].removeprefix('stream/')}:{function.rpartition('.')[2]}"


if __name__ == "__main__":
    main()
