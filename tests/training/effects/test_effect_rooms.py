"""Simulated rooms: as reverberant as asked, in the form that augmentation takes."""

import numpy as np
import pytest

pytest.importorskip("soxr")
pytest.importorskip("pyroomacoustics")

from scipy.signal import butter, sosfilt  # after the skips

from training.audio import RATE, rms
from training.augment import in_room
from training.effects.rooms import DISTANCE, T60, respond, simulate


def _t60(response) -> float:
    """Seconds for 60 dB, from the fall between -5 and -25 dB at 500 to 1500 Hz (Schroeder 1965; ISO 3382)."""
    band = sosfilt(butter(3, [500, 1500], "bandpass", fs=RATE, output="sos"), response)
    left = np.cumsum(band[::-1] ** 2)[::-1]
    db = 10 * np.log10(left / left[0] + 1e-12)
    return float(np.argmax(db < -25) - np.argmax(db < -5)) / RATE * 3


@pytest.fixture(scope="module")
def rooms():
    return list(simulate(np.random.default_rng(1), 10))


def test_the_same_seed_builds_the_same_rooms(rooms) -> None:
    """Rooms depend on their seed and on nothing else."""
    for room, again in zip(rooms, simulate(np.random.default_rng(1), 3), strict=False):
        assert np.array_equal(room.response, again.response)
    assert not np.array_equal(rooms[0].response[:1000], rooms[1].response[:1000])


def test_responses_are_as_augmentation_takes_them(rooms, voice) -> None:
    """The direct sound first, at ±1 and the largest; at most 1.2 s; a voice in the room is as long as before."""
    for room in rooms:
        assert room.response.dtype == np.float32
        assert np.isfinite(room.response).all()
        assert abs(room.response[0]) == pytest.approx(1.0, abs=1e-3) == np.abs(room.response).max()
        assert RATE // 20 < room.response.size <= 1.2 * RATE
        assert T60[0] <= room.t60 <= T60[1]
        assert DISTANCE[0] <= room.distance + 1e-6
        assert room.distance <= DISTANCE[1]
        heard = in_room(voice, room.response, 1.0)
        assert heard.shape == voice.shape
        assert np.isfinite(heard).all()
        assert 0.3 < rms(heard) / rms(voice) < 10


@pytest.mark.parametrize("t60", [0.2, 0.5, 1.0])
def test_a_room_rings_as_long_as_asked(t60: float) -> None:
    """The measured reverberation time is within 30 % of the one asked for."""
    rng, size = np.random.default_rng(3), np.array([5.0, 4.0, 2.7])
    response = respond(rng, size, t60, np.array([1.0, 1.2, 1.5]), np.array([3.2, 2.5, 1.3]))
    assert _t60(response) == pytest.approx(t60, rel=0.3)


def test_farther_is_more_reverberant() -> None:
    """The direct sound's share of the energy falls with the distance."""
    size, mouth = np.array([8.0, 5.0, 3.0]), np.array([1.0, 2.2, 1.5])
    shares = []
    for far in (0.3, 1.2, 5.0):
        response = respond(np.random.default_rng(3), size, 0.6, mouth, mouth + np.array([far, 0.0, 0.0]))
        shares.append(np.sum(response[:40] ** 2) / np.sum(response**2))
    assert shares[0] > shares[1] > shares[2]
