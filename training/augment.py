"""What rooms, noise, levels and microphones do to a voice, each by itself; `chain` draws how much of them.

All work on float32 samples of ±1 at 16 kHz and return as many as they got.
"""

import numpy as np
import soxr
from scipy.signal import fftconvolve

from training.audio import RATE, Float32, rms

TILT_DB_PER_OCTAVE = 4.0  # either way


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


def clarity_db(response: Float32) -> float:
    """C50 of a trimmed response: its first 50 ms against all that follows, in dB (ISO 3382-1)."""
    energy = response.astype(np.float64) ** 2
    early = energy[: RATE // 20].sum()
    return float(10 * np.log10((early + 1e-12) / (energy.sum() - early + 1e-12)))
