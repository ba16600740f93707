"""Laws of capturing many recordings in few threads."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models import UnusableError
from stream.captures import capturing
from stream.ring import Ring
from stream.sources import InputSettings
from stream.sources.recording import open_source

RATE = 16_000


class Rings:
    """An Intake: each stream's ring, which holds what `seconds` of it take."""

    def __init__(self, seconds: float) -> None:
        self.stopping = threading.Event()
        self.opened: dict[str, Ring] = {}
        self.threads: set[str] = set()
        self.all_here = threading.Semaphore(0)
        self.woken = threading.Event()
        self._capacity = int(seconds * RATE)

    def open(self, stream: str, *, rate: int, live: bool, timed: bool) -> Ring:
        self.opened[stream] = Ring(self._capacity, live=live, wake=self.woken.set)
        self.threads.add(threading.current_thread().name)
        self.all_here.release()
        return self.opened[stream]

    def heard(self, stream: str) -> np.ndarray:
        return self.opened[stream].read(self._capacity).samples

    def end(self) -> None:
        self.stopping.set()
        for ring in self.opened.values():
            ring.abandon()


@pytest.fixture
def record(tmp_path: Path):
    """record(name, seconds): a recording of noise, and its samples."""

    def record(name: str, seconds: float, speed: str = "real"):
        samples = np.random.default_rng(len(name)).integers(-9000, 9000, int(seconds * RATE)).astype(np.int16)
        soundfile.write(tmp_path / f"{name}.wav", samples, RATE)
        return open_source(str(tmp_path / f"{name}.wav"), InputSettings(speed=speed)), samples

    return record


def test_many_sound_in_one_thread(record) -> None:
    """Every sample of every recording arrives, none before it has sounded, and all in one thread."""
    made = {f"r{number}": record(f"r{number}", 0.1 + 0.005 * number) for number in range(30)}
    intake, began = Rings(1.0), time.monotonic()
    with capturing([recording for recording, _ in made.values()], intake) as ends:
        pass
    assert time.monotonic() - began >= 0.245
    assert [end.result() for end in ends] == [None] * 30
    assert len(intake.threads) == 1
    for name, (_, samples) in made.items():
        assert np.array_equal(intake.heard(name), samples)
        assert intake.opened[name].exhausted
        assert intake.opened[name].arrival(samples.size, RATE) >= began + samples.size / RATE


def test_one_that_breaks_breaks_alone(record, tmp_path) -> None:
    """A recording that cannot be read on fails by itself; the others are heard to their end."""
    soundfile.write(tmp_path / "nan.wav", np.full(RATE, np.nan, np.float32), RATE, "FLOAT")
    broken = open_source(str(tmp_path / "nan.wav"), InputSettings())
    (sound, samples), intake = record("sound", 0.2), Rings(1.0)
    with capturing([broken, sound], intake) as (first, second):
        with pytest.raises(UnusableError, match="NaN"):
            first.result()
        second.result()
    assert np.array_equal(intake.heard("sound"), samples)
    assert intake.opened["nan"].broken


def test_one_that_nobody_reads_holds_no_other_up(record) -> None:
    """A recording whose stream has no room waits alone; told to stop, all end."""
    (stuck, _), (sound, _), intake = record("stuck", 60.0), record("sound", 0.4), Rings(0.2)
    with capturing([stuck, sound], intake) as (_, heard):
        intake.all_here.acquire()
        intake.all_here.acquire()
        ring = intake.opened["sound"]
        while not ring.exhausted:
            intake.woken.clear()
            if not ring.await_position(ring.position + 1):
                intake.woken.wait()
            ring.read(RATE)
        heard.result()
        intake.end()
    assert intake.opened["stuck"].mark.position <= 0.2 * RATE


def test_full_speed_is_a_few_at_a_time(record) -> None:
    """However many recordings are to be heard at full speed, few are open at once."""
    intake = Rings(0.1)
    with capturing([record(f"m{number}", 1.0, "max")[0] for number in range(20)], intake):
        for _ in range(8):
            intake.all_here.acquire()
        assert len(intake.opened) == 8
        intake.end()
    assert len(intake.opened) == 8
