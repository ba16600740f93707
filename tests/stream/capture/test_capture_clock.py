"""Laws of the capture clock: loss is measured by the clock, drift and jitter are not taken for loss."""

from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.capture.clock import CaptureClock

RATE = 16_000


class Device:
    """Blocks of `block` samples from a device whose clock is `ppm` fast, each up to `jitter` seconds late."""

    def __init__(self, ppm: float, jitter: float, seed: int, block: int = 1600) -> None:
        self.clock = CaptureClock(RATE)
        self._block, self._seconds, self._jitter = block, block / RATE / (1 + ppm * 1e-6), jitter
        self._rng, self.now = np.random.default_rng(seed), 1000.0
        self.missing = 0

    def run(self, seconds: float, *, lossy: bool = False) -> None:
        for i in count():
            if i * self._block >= seconds * RATE:
                return
            self.now += self._seconds
            when = self.now + float(self._rng.uniform(0, self._jitter))
            self.missing += self.clock.hear(when, self._block, lossy=lossy and i == 0)

    def lose(self, seconds: float) -> None:
        self.now += seconds


blocks = st.sampled_from([320, 640, 1600])
devices = st.builds(
    Device, ppm=st.floats(-300, 300), jitter=st.floats(0, 0.05), seed=st.integers(0, 99), block=blocks
)  # fmt: skip


@given(devices)
def test_drift_and_jitter_are_no_loss(device: Device) -> None:
    """A device that is slow, fast or late now and then has lost nothing."""
    device.run(90.0)
    assert device.missing == 0


@given(devices, st.floats(0.3, 5.0), st.booleans())
def test_what_is_lost_is_measured(device: Device, lost: float, flagged: bool) -> None:
    """Samples lost in the device are missed, whether it says so or not, to within what its lateness hides."""
    device.run(40.0)
    device.lose(lost)
    device.run(5.0, lossy=flagged)
    assert device.missing / RATE == pytest.approx(lost, abs=0.08)


@given(st.floats(0.05, 0.15), st.integers(2, 12))
def test_small_losses_are_found_together(lost: float, times: int) -> None:
    """What one by one might be a sound server that has less ready than before is missed once it is more than that."""
    device = Device(0.0, 0.0, 0)
    device.run(10.0)
    for _ in range(times):
        device.lose(lost)
        device.run(5.0)
    assert lost * times - device.missing / RATE == pytest.approx(0.1, abs=0.1 + 0.0005 * 5 * times)


@given(devices, st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20))
def test_many_losses_add_up(device: Device, losses: list[float]) -> None:
    """However often the device loses something, the errors of the estimates do not add up."""
    device.run(20.0)
    for lost in losses:
        device.lose(lost)
        device.run(0.5, lossy=True)
    assert device.missing / RATE == pytest.approx(sum(losses), abs=0.08 + 0.02 * len(losses) ** 0.5)


@given(devices, st.lists(st.floats(0.05, 3.0), min_size=1, max_size=5))
def test_stream_time_goes_on_without_the_device(device: Device, pauses: list[float]) -> None:
    """While there is no device, time goes on piece by piece; with its first block it is where the clock says."""
    device.run(20.0)
    for pause in pauses:
        device.lose(pause)
        device.missing += device.clock.miss(device.now)
    device.run(1.0, lossy=True)
    assert device.missing / RATE == pytest.approx(sum(pauses), abs=0.08)


@given(st.floats(-300, 300), st.integers(0, 99), blocks)
def test_drift_is_measured(ppm: float, seed: int, block: int) -> None:
    """After two minutes the drift is known to a few millionths, in spite of jitter; not before half a minute."""
    device = Device(ppm, 0.005, seed, block)
    device.run(25.0)
    assert device.clock.drift_ppm is None
    device.run(95.0)
    assert device.clock.drift_ppm == pytest.approx(ppm, abs=10)


@given(devices, st.floats(0.3, 5.0), st.integers(1, 16000))
def test_what_comes_is_due_when_it_comes_at_the_earliest(device: Device, lost: float, frames: int) -> None:
    """To within the jitter of the last blocks; after a loss, too, and nothing is due where nothing is known."""
    assert device.clock.due(frames) == 0.0
    device.run(10.0)
    for _ in range(2):
        expected = device.now + frames / RATE
        assert expected - 0.005 <= device.clock.due(frames) <= expected + 0.05
        device.lose(lost)
        device.run(5.0, lossy=True)


@given(st.lists(st.floats(0.0, 0.15), min_size=1, max_size=8))
def test_one_early_block_of_the_last_eight_tells_when_the_next_is_due(late: list[float]) -> None:
    """The others were late, whatever kept them."""
    clock = CaptureClock(RATE)
    for number, each in enumerate(late, 1):
        clock.hear(1000.0 + number * 0.1 + each, 1600, lossy=False)
    assert clock.due(800) == pytest.approx(1000.0 + len(late) * 0.1 + min(late) + 0.05)


def test_a_device_that_never_came_misses_nothing() -> None:
    """Before the first block there is no stream time that could go on."""
    assert CaptureClock(RATE).miss(1e9) == 0


def test_a_device_that_stops_being_late_is_measured_from_there() -> None:
    """A driver that was late at first delivers no more than there is; losses after a while are seen in full."""
    device = Device(0.0, 0.0, 0)
    device.run(10.0)
    device.lose(-2.0)
    device.run(15.0)
    assert device.missing == 0
    device.lose(1.0)
    device.run(5.0)
    assert device.missing == RATE


@given(st.floats(0.2, 3.0), st.floats(0.0, 8.0))
def test_a_device_that_delivers_ahead_of_time_has_lost_nothing(ahead: float, seconds: float) -> None:
    """A virtual device that renders ahead and waits afterwards is on time again, and has lost nothing."""
    device = Device(0.0, 0.01, 0)
    device.run(10.0)
    device.lose(-ahead)
    device.run(seconds)
    device.lose(ahead)
    device.run(20.0)
    assert device.missing == 0


@given(devices, st.floats(0.0, 0.12))
def test_a_sound_server_that_has_less_ready_has_lost_nothing(device: Device, less: float) -> None:
    """Another program that wants its sound at once lets a virtual device render later, for good."""
    device.run(20.0)
    device.lose(less)
    device.run(20.0)
    assert device.missing == 0
