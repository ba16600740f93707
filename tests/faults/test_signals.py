"""Signals that no voice gives: constant, clipped, alternating, silent for hours, or no numbers at all."""

import subprocess
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile
from observer import RATE

from stream.messages import schemas

pytestmark = pytest.mark.slow

SECONDS = 6
HOURS = 3

at = np.arange(SECONDS * RATE)
SIGNALS = {
    "zeros": np.zeros(at.size, np.int16),
    "one": np.ones(at.size, np.int16),
    "constant": np.full(at.size, 12_000, np.int16),
    "lowest": np.full(at.size, -32_768, np.int16),
    "square": np.where(at % 160 < 80, 32_767, -32_768).astype(np.int16),
    "alternating": np.where(at % 2, 32_767, -32_768).astype(np.int16),
    "impulse": (at == RATE).astype(np.int16) * 32_767,
    "noise": np.random.default_rng(1).integers(-32_768, 32_768, at.size, np.int16),
}


def check_windows(windows):
    """All of them, each as its schema says, none of them sure of a voice."""
    validator = jsonschema.Draft202012Validator(schemas()["window.json"])
    assert [window["start"] for window in windows] == [0.5 * number for number in range(2 * SECONDS - 3)]
    for window in windows:
        validator.validate({name: value for name, value in window.items() if name != "file"})
        assert window["label"] == "unknown"
        assert -120.0 <= window["level_dbfs"] <= 0.0


@pytest.mark.parametrize("name", SIGNALS)
def test_no_signal_is_taken_for_a_voice(name, daemon, observe, tmp_path, command):
    """Through standard input and as a file: every window, in range, unknown, the same both ways; zeros are silent."""
    running = daemon("-", "--stream", "signal", stdin=subprocess.PIPE, bufsize=0)
    observer = observe(running)
    running.process.stdin.write(SIGNALS[name].tobytes())
    silent = observer.await_state("signal", "silent") if name == "zeros" else None
    running.process.stdin.close()
    running.process.stdin = None
    ended = observer.await_state("signal", "ended")
    assert (ended["processed"], sum(ended["lost"].values())) == (at.size, 0)
    assert ended["cause"] is None
    assert silent is None or silent["cause"].startswith("nothing but zeros")
    assert running.finish().status == 0
    check_windows(observer.windows["signal"])
    soundfile.write(tmp_path / "signal.wav", SIGNALS[name], RATE)
    scored = command("score", tmp_path / "signal.wav")
    check_windows(scored.windows)
    for one, other in zip(observer.windows["signal"], scored.windows, strict=True):
        assert {key: one[key] for key in ("label", "state", "probability", "level_dbfs", "vad_ratio")} == {
            key: other[key] for key in ("label", "state", "probability", "level_dbfs", "vad_ratio")
        }


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_ends_its_own_stream_only(value, daemon, observe, demo):
    """NaN and infinities in a pipe end that input, in one line, as failed; a recording beside it loses nothing."""
    running = daemon("-", demo, "--format", "f32le", stdin=subprocess.PIPE, bufsize=0)
    observer = observe(running)
    floats = np.zeros(2 * RATE, "<f4")
    floats[RATE] = value
    running.process.stdin.write(floats.tobytes())
    assert "NaN or infinite samples" in observer.await_state("stdin", "ended")["cause"]
    assert "NaN or infinite samples" in observer.await_health(lambda health: health["failed"])["failed"]["-"]
    before = observer.await_window("demo")
    assert observer.await_window("demo")["start"] == before["start"] + before["hop"]
    assert observer.healths[-1]["streams"]["demo"]["state"] == "healthy"
    ended = running.stop()
    assert ended.status == 2
    assert "NaN or infinite samples" in ended.error
    assert "the other inputs go on" in ended.error


def test_hours_of_silence_cost_nothing_but_time(start, daemon, observe):
    """Three hours of zeros as fast as they come: each window silent, the state too, memory as after ten minutes."""
    running = daemon("-", "--stream", "night", "--replay-mib", "1", stdin=subprocess.PIPE)
    observer = observe(running)
    start("head", "-c", str(HOURS * 3600 * RATE * 2), "/dev/zero", stdout=running.process.stdin)
    running.process.stdin.close()
    running.process.stdin = None
    observer.await_health(lambda health: health["streams"].get("night", {}).get("windows", 0) > 1200)
    early = memory(running)
    late = early
    while "ended" not in observer.states("night"):
        if observer.read()["schema"] == "genderstream.health/1" and running.process.poll() is None:
            late = memory(running) or late
    windows = observer.windows["night"]
    assert len(windows) == 2 * HOURS * 3600 - 3
    assert {(window["label"], window["reason"], window["level_dbfs"]) for window in windows} == {
        ("unknown", "silence", -120.0)
    }
    assert "silent" in observer.states("night")
    assert late < early + 8 * 1024
    assert running.finish().status == 0


def memory(running):
    """Resident, in kB; 0 where it has ended."""
    try:
        status = Path(f"/proc/{running.process.pid}/status").read_text()
    except FileNotFoundError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)
