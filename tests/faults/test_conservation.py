"""Stream time against a signal that counts its own samples, through the real capture path and its faults."""

import os
import signal
import time

import numpy as np
import pytest
import soundfile
from observer import RATE, captures, kill, stop

pytestmark = pytest.mark.slow

STEP = 16  # samples of the same value; so the count goes round only after half a minute
ROUND = STEP << 15
STOPPED_SECONDS = 10
LATE = 0.1  # seconds by which a sound server may be later or earlier from one recording to the next


@pytest.fixture
def counted(sound, start, tmp_path):
    """The device `exact`: hears samples that tell their number, as they are, for a minute."""
    sound.pactl(
        "load-module", "module-null-sink", "sink_name=exact", f"rate={RATE}", "channels=1", "format=s16le"
    )  # fmt: skip
    sound.adopt(sound, "exact")
    numbers = np.arange(60 * RATE) // STEP & 0x7FFF
    (tmp_path / "numbers.raw").write_bytes(numbers.astype("<i2").tobytes())
    kind = ("--raw", f"--rate={RATE}", "--channels=1", "--format=s16le")
    start("paplay", *kind, "--device=exact", tmp_path / "numbers.raw", env=sound.environment)


def advance(kept):
    """By how many samples the signal is ahead of stream time, for each stretch that was heard."""
    positions = np.flatnonzero(kept)
    ahead = (kept[positions].astype(np.int64) * STEP - positions) % ROUND
    parts = np.split(ahead, np.flatnonzero(np.diff(positions) > RATE // 100) + 1)
    return [float(np.median(part)) for part in parts if part.size > RATE]


def kill_capture(running):
    kill(captures(running)["exact"])


def hang_capture(running):
    stop(captures(running)["exact"])


def hold_up_daemon(running):
    running.process.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_SECONDS)  # the fault itself
    os.kill(running.process.pid, signal.SIGCONT)


@pytest.mark.parametrize("fault", [kill_capture, hang_capture, hold_up_daemon])
def test_stream_time_is_right_after_every_fault(fault, counted, daemon, observe, sound, tmp_path):
    """Captured and lost samples make up what elapsed: after the gap, each sample is where the clock has it."""
    kept = tmp_path / "kept"
    running = daemon("mic:exact", "--save-audio", kept, env=sound.environment)
    observer = observe(running)
    for _ in range(6):
        before = observer.await_window("exact")
    fault(running)
    after = observer.await_window("exact")
    while after["start"] < before["end"] + 8:
        after = observer.await_window("exact")
    assert running.stop().status == 0
    samples, _ = soundfile.read(next(kept.iterdir()), dtype="int16")
    stretches = advance(samples)
    errors = [(later - stretches[0] + ROUND / 2) % ROUND - ROUND / 2 for later in stretches]
    assert len(errors) > 1 or fault is hold_up_daemon
    assert max(map(abs, errors)) < LATE * RATE, errors
    health = observer.healths[-1]["streams"]["exact"]
    assert health["lost"]["device"] >= sum(samples == 0) - STEP * 2
