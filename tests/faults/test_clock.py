"""Clocks that are set, a machine that sleeps, a daemon that is stopped: no stream's time changes, and it is said."""

import os
import signal
import time
from itertools import pairwise

import pytest
from observer import captures

pytestmark = pytest.mark.slow

STOPPED_SECONDS = 10


def test_a_daemon_that_is_stopped_loses_nothing_that_its_buffers_hold(daemon, observe, sound, speak):
    """SIGSTOP for 10 s: what the capture process kept is decided on afterwards, the rest is a gap; both told."""
    speak("one", "female")
    running = daemon("mic:one", env=sound.environment)
    observer = observe(running)
    observer.await_window("one", "female")
    child = captures(running)["one"]
    running.process.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_SECONDS)  # the fault itself
    running.process.send_signal(signal.SIGCONT)
    health = observer.await_health(lambda health: health["clock"]["hold_ups"])
    assert health["clock"]["held_up_seconds"] > STOPPED_SECONDS - 3
    observer.await_window("one", "female")
    assert captures(running)["one"] == child
    after = observer.await_health(lambda later: later["uptime"] > health["uptime"] + 5)["streams"]["one"]
    assert (after["state"], after["restarts"]) == ("healthy", 0)
    assert sum(after["lost"].values()) < 3 * after["sample_rate"]
    assert observer.states("one") in (["healthy"], ["starting", "healthy"])
    assert "held up for" in running.stop().error


@pytest.fixture
def faked(tmp_path, preload):
    """An environment with clocks that the test moves, and move(set by, slept): seconds, all in all."""
    offset = tmp_path / "offset"

    def move(set_by, slept=0):
        offset.with_suffix(".new").write_text(f"{set_by} {slept}")
        offset.with_suffix(".new").replace(offset)

    move(0)
    return preload("wall_clock") | {"WALL_CLOCK_OFFSET": str(offset)}, move


def test_a_clock_that_is_set_changes_no_streams_time(daemon, observe, faked, demo):
    """An hour forward, two back: each jump is told and counted; windows, loss and latency know nothing of it."""
    environment, move = faked
    running = daemon(demo, env=os.environ | environment)
    observer = observe(running)
    observer.await_window("demo")
    for number, (offset, jumped) in enumerate(((3600, 3600), (-3600, -3600)), 1):
        move(offset)
        health = observer.await_health(lambda health, number=number: health["clock"]["jumps"] == number)
        assert health["clock"]["jumped_seconds"] == pytest.approx(jumped, abs=5)
    observer.await_window("demo")
    windows = observer.windows["demo"]
    assert all(later["start"] - sooner["start"] == sooner["hop"] for sooner, later in pairwise(windows))
    assert {window["lost_samples"] for window in windows} == {0}
    assert max(window["latency_ms"] for window in windows) < 60_000
    assert windows[0]["time"] > windows[-1]["time"]
    assert health["clock"]["sleeps"] == 0
    assert health["clock"]["held_up_seconds"] < 60  # a busy machine, but no jump
    ended = running.stop()
    assert "the clock was set by +3600" in ended.error
    assert "the clock was set by -7200" in ended.error


def test_a_machine_that_sleeps_changes_no_streams_time(daemon, observe, faked, demo):
    """A night and an hour: each sleep is told and counted, and is no jump; windows, loss and latency go on."""
    environment, move = faked
    running = daemon(demo, env=os.environ | environment)
    observer = observe(running)
    observer.await_window("demo")
    for number, slept in enumerate((8 * 3600, 9 * 3600), 1):
        move(0, slept)
        health = observer.await_health(lambda health, number=number: health["clock"]["sleeps"] == number)
        assert health["clock"]["slept_seconds"] == pytest.approx(slept, abs=5)
    observer.await_window("demo")
    windows = observer.windows["demo"]
    assert all(later["start"] - sooner["start"] == sooner["hop"] for sooner, later in pairwise(windows))
    assert {window["lost_samples"] for window in windows} == {0}
    assert max(window["latency_ms"] for window in windows) < 60_000
    assert health["clock"]["jumps"] == 0
    assert health["clock"]["held_up_seconds"] < 60
    ended = running.stop()
    assert "the machine slept for 28800" in ended.error
    assert "the machine slept for 3600" in ended.error


def test_a_microphone_hears_on_while_the_clock_is_set(daemon, observe, sound, speak, faked):
    """PortAudio stamps blocks with the clock of the day; loss and gaps do not come from there."""
    environment, move = faked
    speak("one", "female")
    running = daemon("mic:one", env=environment | sound.environment)
    observer = observe(running)
    observer.await_window("one", "female")
    for number, offset in enumerate((3600, -3600), 1):
        move(offset)
        observer.await_health(lambda health, number=number: health["clock"]["jumps"] == number)
    assert observer.await_window("one", "female")["lost_samples"] == 0
    assert set(observer.states("one")) <= {"starting", "healthy"}
    assert running.stop().status == 0
