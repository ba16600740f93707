"""The Numba kernels: they load, and their cache has a folder."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from stream.diagnose.finding import Finding, fail, note, ok

PATIENCE_SECONDS = 300  # compiling takes a minute or two on a Raspberry Pi

_KERNELS = Path(__file__).parents[1] / "features"
_SET_FOLDER = (
    "set NUMBA_CACHE_DIR to a folder that this user may write to, such as "
    "NUMBA_CACHE_DIR=$HOME/.cache/genderstream (in a systemd unit: CacheDirectory=genderstream and "
    "Environment=NUMBA_CACHE_DIR=/var/cache/genderstream)"
)
_NO_FOLDER = ("no locator available", "NUMBA_CACHE_DIR")  # Numba's words for it, and ours


class KernelReport(msgspec.Struct, frozen=True):
    """How the kernels loaded: what the probe's process says."""

    numba: str  # version
    load_seconds: float  # importing Numba and the kernels, compiling them where the cache has none
    compiled: bool  # the cache had none
    folder: str  # where the cache is
    configured: str  # NUMBA_CACHE_DIR, or what Numba's own configuration file says; empty where neither does
    window_ms: float  # log-mel of a whole window


def check_kernels() -> Iterator[Finding]:
    """Load the kernels in a fresh process, as the daemon will."""
    command = [sys.executable, "-m", "stream.diagnose.probe"]
    try:
        probe = subprocess.run(command, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        yield fail("kernels", f"not compiled after {PATIENCE_SECONDS} s", "close other programs and try again")
    except OSError as error:
        yield fail("kernels", f"Python cannot be started ({error})", "free some memory and try again")
    else:
        yield from judge_probe(probe.returncode, probe.stdout, probe.stderr.decode(errors="replace"))


def judge_probe(status: int, output: bytes, errors: str) -> Iterator[Finding]:
    """Findings from what the probe's process left behind."""
    if status == 0:
        try:
            yield from judge_report(msgspec.json.decode(output, type=KernelReport))
        except msgspec.DecodeError as error:
            yield fail("kernels", f"the probe said {output[:80]!r} ({error})", "please report this")
        return
    reason = (errors.strip().splitlines() or ["without a word"])[-1]
    if any(words in errors for words in _NO_FOLDER):
        yield fail("kernels, cache", f"Numba can write neither to {_KERNELS}/__pycache__ nor elsewhere", _SET_FOLDER)
    elif status < 0:
        yield fail(
            "kernels", f"loading them was ended by signal {-status}",
            "signal 4 or 11: numba and llvmlite do not fit this processor, pip install --force-reinstall numba; "
            "signal 9: out of memory",
        )  # fmt: skip
    else:
        yield fail("kernels", reason, "pip install --force-reinstall numba, then install genderstream again")


def judge_report(report: KernelReport) -> Iterator[Finding]:
    """Findings from a probe that went well."""
    how = "compiled just now (once; the next start loads them)" if report.compiled else "loaded from their cache"
    yield ok(
        "kernels",
        f"{how} in {report.load_seconds:.1f} s, {report.window_ms:.2f} ms a whole window, numba {report.numba}",
    )
    configured = report.configured
    if configured and not Path(report.folder).is_relative_to(Path(configured).absolute()):
        yield note(
            "kernels, cache", f"NUMBA_CACHE_DIR is {configured}, which cannot be written; {report.folder} serves",
            "correct NUMBA_CACHE_DIR, or let this user write there",
        )  # fmt: skip
    else:
        yield ok("kernels, cache", f"{report.folder} can be written")
