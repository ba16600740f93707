"""What rooms, noise, levels, microphones and lines do to a voice, drawn from a seeded generator.

All work on float32 samples of ±1 at 16 kHz and return as many as they got.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr
from scipy.signal import fftconvolve

from training.audio import RATE, Float32, rms
from training.telephone import over_telephone, pass_band

SPEED = (0.95, 1.05)  # pitch and formants move with it: more would change who seems to speak
SNR_DB = (0.0, 25.0)
LEVEL_DBFS = (-45.0, -6.0)  # RMS
TILT_DB_PER_OCTAVE = 4.0  # either way


@dataclass(frozen=True, slots=True)
class Chances:
    """How often each thing happens to a window."""

    speed: float = 0.3
    room: float = 0.35
    tilt: float = 0.5
    noise: float = 0.6
    level: float = 0.8
    overdrive: float = 0.08
    telephone: float = 0.3
    narrow: float = 0.1  # another band limit, without the telephone's coding


def augment(
    samples: Float32,
    rng: np.random.Generator,
    *,
    noise: Float32 | None,
    rooms: Sequence[Float32],
    chances: Chances,
) -> Float32:
    """What arrives of `samples` (float32[n]) through a random chain; `noise` (float32[n]) may be mixed in."""
    x = samples
    if rng.random() < chances.speed:
        x = change_speed(x, rng.uniform(*SPEED))
    if rooms and rng.random() < chances.room:
        x = in_room(x, rooms[int(rng.integers(len(rooms)))], rng.uniform(0.2, 1.0))
    if rng.random() < chances.tilt:
        x = tilt(x, rng.uniform(-TILT_DB_PER_OCTAVE, TILT_DB_PER_OCTAVE))
    if noise is not None and rng.random() < chances.noise:
        x = mix(x, noise, rng.uniform(*SNR_DB))
    if rng.random() < chances.overdrive:
        x = at_level(x, rng.uniform(-9.0, 3.0))
    if rng.random() < chances.telephone:
        law = "mu" if rng.random() < 0.5 else "a"
        x = over_telephone(at_level(x, rng.uniform(-36.0, -12.0)), law,
                           low=rng.uniform(100, 400), high=rng.uniform(2800, 3700))  # fmt: skip
    elif rng.random() < chances.narrow:
        x = pass_band(x, rng.uniform(20, 300), rng.uniform(3000, 7500))
    if rng.random() < chances.level:
        x = at_level(x, rng.uniform(*LEVEL_DBFS))
    return x


def change_speed(x: Float32, factor: float) -> Float32:
    """Play `factor` times as fast; what lacks at the end is what went before it, mirrored."""
    played = soxr.resample(x, RATE * factor, RATE, quality="MQ").astype(np.float32)
    if played.size < x.size:
        played = np.pad(played, (0, x.size - played.size), mode="symmetric")
    return played[: x.size]


def in_room(x: Float32, response: Float32, wet: float) -> Float32:
    """Convolve with a room's response whose direct sound is its first sample; `wet` scales what follows it."""
    shaped = response.copy()
    shaped[RATE // 400 :] *= np.float32(wet)  # 2.5 ms: the direct sound
    return fftconvolve(x, shaped)[: x.size].astype(np.float32)


def tilt(x: Float32, db_per_octave: float) -> Float32:
    """Raise or lower the treble against 1 kHz, as microphones and their distance do."""
    hz = np.clip(np.fft.rfftfreq(x.size, 1 / RATE), 50.0, None)
    gain = (hz / 1000.0) ** (db_per_octave / 6.02)
    return np.fft.irfft(np.fft.rfft(x) * gain, x.size).astype(np.float32)


def mix(x: Float32, noise: Float32, snr_db: float) -> Float32:
    """Add `noise` so that `x` is `snr_db` above it, both by RMS."""
    return x + noise * np.float32(rms(x) / rms(noise) * 10 ** (-snr_db / 20))


def at_level(x: Float32, dbfs: float) -> Float32:
    """Scale to an RMS of `dbfs`; what then lies beyond ±1 clips."""
    return np.clip(x * np.float32(10 ** (dbfs / 20) / rms(x)), -1.0, 1.0)


def trim_response(response: Float32, seconds: float = 1.2) -> Float32:
    """A room's response from its direct sound on, `seconds` long, its direct sound at 1."""
    peak = int(np.argmax(np.abs(response)))
    kept = response[peak : peak + int(seconds * RATE)]
    fade = min(kept.size, RATE // 10)
    kept = kept.copy()
    kept[kept.size - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return kept / (np.abs(kept[0]) + np.float32(1e-9))
