"""Simulated rooms: shoebox image sources and ray tracing by pyroomacoustics, drawn at random."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyroomacoustics as pra

from training.audio import RATE, Float32
from training.augment import trim_response

SIZE = ((2.0, 10.0), (2.0, 8.0), (2.2, 4.0))  # m, between walls
T60 = (0.15, 1.2)  # s until the sound is 60 dB down, at 500 Hz to 1 kHz
DISTANCE = (0.3, 5.0)  # m from mouth to microphone
SCATTERING = (0.4, 0.9)  # of what walls reflect: with bare ones low rooms flutter on
_BANDS = (125, 250, 500, 1000, 2000, 4000)  # Hz
_TO_WALL = 0.3  # m at least
_RAYS = 2000
_EYRING = 0.161  # s/m: T60 = 0.161 V / (-S ln(1 - absorption)), Eyring 1930


@dataclass(frozen=True, slots=True)
class Room:
    """A room with a speaker and a microphone in it."""

    size: tuple[float, float, float]  # m
    t60: float  # s, asked for
    distance: float  # m
    response: Float32  # [n], its first sample the direct sound, at 1; see training.augment.trim_response


def simulate(rng: np.random.Generator, rooms: int) -> Iterator[Room]:
    """`rooms` rooms, each of its own size, echo and distance; the same for the same generator."""
    for _ in range(rooms):
        size = np.array([rng.uniform(*limits) for limits in SIZE])
        t60 = float(np.exp(rng.uniform(*np.log(T60))))
        mouth, microphone = _places(rng, size)
        response = respond(rng, size, t60, mouth, microphone)
        far = float(np.linalg.norm(mouth - microphone))
        yield Room((float(size[0]), float(size[1]), float(size[2])), t60, far, response)


def respond(
    rng: np.random.Generator,
    size: npt.NDArray[np.float64],
    t60: float,
    mouth: npt.NDArray[np.float64],
    microphone: npt.NDArray[np.float64],
) -> Float32:
    """The response from `mouth` to `microphone` (m) in a room of `size` (m): float32[up to 1.2 s at 16 kHz]."""
    _seed(rng)
    bands = {"coeffs": _absorption(rng, size, t60), "center_freqs": list(_BANDS)}
    walls = pra.Material(bands, scattering=rng.uniform(*SCATTERING))
    room = pra.ShoeBox(size, fs=RATE, materials=walls, max_order=6, ray_tracing=True, air_absorption=True)
    room.set_ray_tracing(n_rays=_RAYS, receiver_radius=0.3)
    room.add_source(mouth)
    room.add_microphone(microphone)
    room.compute_rir()
    return trim_response(np.asarray(room.rir[0][0], np.float32))


def _seed(rng: np.random.Generator) -> None:
    """pyroomacoustics keeps generators of its own; more than one thread would make their order a matter of luck."""
    pra.constants.set("num_threads", 1)
    pra.random.seed(int(rng.integers(2**31)), int(rng.integers(2**31)))


def _absorption(rng: np.random.Generator, size: npt.NDArray[np.float64], t60: float) -> list[float]:
    """The walls' absorption of energy in each band, for `t60` in the middle: lows often ring longer than highs."""
    x, y, z = size
    volume, surface = x * y * z, 2 * (x * y + y * z + z * x)
    wander = np.cumsum(rng.normal(0.12, 0.15, len(_BANDS)))
    middle = np.mean(wander[2:4])
    times = t60 * np.exp(np.clip(middle - wander, -0.7, 0.7))  # s, in each band
    return [float(np.clip(1 - np.exp(-_EYRING * volume / (surface * time)), 0.01, 0.99)) for time in times]


def _places(
    rng: np.random.Generator, size: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A mouth and a microphone somewhere in the room, within DISTANCE of each other."""
    wanted = np.exp(rng.uniform(*np.log(DISTANCE)))
    while True:
        mouth = rng.uniform(_TO_WALL, size - _TO_WALL)
        way = rng.standard_normal(3) * (1.0, 1.0, 0.3)  # rarely overhead
        microphone = mouth + way / np.linalg.norm(way) * wanted
        if np.all(microphone > _TO_WALL) and np.all(microphone < size - _TO_WALL):
            return mouth, microphone
        wanted = max(DISTANCE[0], wanted * 0.97)  # the room may be too small for it
