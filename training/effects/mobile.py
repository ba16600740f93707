"""What old mobiles and their lines do to level and noise.

Models trained on clean and on simulated lines take women on real calls for men: the fundamental is cut off, and
what lies in its place is hum and noise. The order of things: `in_handset`, a codec, `on_line`.
"""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d
from scipy.signal import butter, lfilter, sosfilt

from training.audio import RATE, Float32, rms
from training.augment import at_level, mix

LOW_CUT_HZ = (200.0, 400.0)
HIGH_CUT_HZ = (2800.0, 3700.0)
NOISE_SNR_DB = (15.0, 30.0)
HUM_SNR_DB = (10.0, 35.0)
FAINT_DBFS = (-42.0, -28.0)  # RMS, before 8 bits are taken of it
_FRAME = RATE // 100  # samples, 10 ms
_LIMIT = 0.99  # peak of what a function returns

Float64 = npt.NDArray[np.float64]


def in_handset(x: Float32, rng: np.random.Generator) -> Float32:
    """`x` (float32[n]) as a mobile hands it to its codec: AGC, noise gate, and a band without the fundamental."""
    if rng.random() < 0.5:
        x = pump(x, rng)
    if rng.random() < 0.5:
        x = gate(x, rng)
    return _limit(narrow(x, rng.uniform(*LOW_CUT_HZ), rng.uniform(*HIGH_CUT_HZ), order=int(rng.integers(2, 6))))


def on_line(x: Float32, rng: np.random.Generator) -> Float32:
    """`x` (float32[n]) as it comes from the line behind the codec: distortion, few bits, hum and noise."""
    if rng.random() < 0.4:
        x = distort(x, rng.uniform(0.02, 0.15), rng.uniform(0.02, 0.15))
    if rng.random() < 0.4:
        x = coarsen(x, rng.uniform(*FAINT_DBFS))
    if rng.random() < 0.4:
        x = mix(x, hum(x.size, rng), rng.uniform(*HUM_SNR_DB))
    if rng.random() < 0.7:
        x = mix(x, line_noise(x.size, rng), rng.uniform(*NOISE_SNR_DB))
    return _limit(x)


def narrow(x: Float32, low: float, high: float, *, order: int = 4) -> Float32:
    """Keep `low` to `high` Hz; the lower skirt falls by 12 dB an octave times `order`, the upper by 48."""
    lows = butter(2 * order, low, "highpass", fs=RATE, output="sos")
    highs = butter(8, high, "lowpass", fs=RATE, output="sos")
    return sosfilt(highs, sosfilt(lows, x)).astype(np.float32)


def pump(x: Float32, rng: np.random.Generator) -> Float32:
    """Automatic gain that falls within a word (5 to 30 ms) and creeps up in pauses (0.1 to 1 s), by at most 30 dB."""
    attack, release = rng.uniform(0.005, 0.03), rng.uniform(0.1, 1.0)
    strength = rng.uniform(0.5, 0.95)  # of the difference in level that is evened out
    down, up = np.exp(-_FRAME / RATE / attack), np.exp(-_FRAME / RATE / release)
    levels = _frame_levels(x)
    followed, level = np.empty(levels.size), float(levels.max())
    for i, now in enumerate(levels):
        keep = down if now > level else up
        level = keep * level + (1 - keep) * now
        followed[i] = level
    gain_db = np.minimum(-20 * np.log10(followed / levels.max()) * strength, 30.0)
    pumped = x * _stretch(10 ** (gain_db / 20), x.size)
    return _limit(pumped * np.float32(rms(x) / rms(pumped)))


def gate(x: Float32, rng: np.random.Generator) -> Float32:
    """Switch off what is 15 to 35 dB below the loudest, 50 to 250 ms late; silence or comfort noise instead."""
    levels = _frame_levels(x)
    threshold = levels.max() * 10 ** (-rng.uniform(15, 35) / 20)
    hangover = int(rng.uniform(0.05, 0.25) * RATE / _FRAME)
    opened = maximum_filter1d((levels > threshold).astype(np.float64), hangover + 1, origin=hangover // 2)
    through = _stretch(opened, x.size)
    closed = levels[opened < 0.5]
    floor = float(np.median(closed)) if closed.size else 0.0
    comfort = line_noise(x.size, rng) * np.float32(floor * rng.choice([0.0, 0.5, 1.0]))
    return (x * through + comfort * (1 - through)).astype(np.float32)


def distort(x: Float32, second: float, third: float) -> Float32:
    """Add harmonics as cheap amplifiers do: `second` and `third` are their amplitudes for a sine of full peak."""
    peak = np.max(np.abs(x)) + 1e-9
    unit = (x / peak).astype(np.float64)
    bent = unit + second * (2 * unit**2 - np.mean(2 * unit**2)) + third * (4 * unit**3 - 3 * unit)  # Chebyshev
    return _limit((bent * peak).astype(np.float32))


def coarsen(x: Float32, dbfs: float, *, bits: int = 8) -> Float32:
    """Quantise `x` at a faint RMS of `dbfs` to `bits` linear bits, and amplify to the level it had."""
    steps = 2.0 ** (bits - 1)
    faint = at_level(x, dbfs)
    heard = np.round(faint * steps) / steps
    return (heard * (rms(x) / rms(faint))).astype(np.float32)


def hum(samples: int, rng: np.random.Generator) -> Float32:
    """Mains hum of 50 or 60 Hz and its harmonics, odd ones stronger: float32[samples], RMS 1."""
    t, base = np.arange(samples) / RATE, rng.choice([50.0, 60.0]) * rng.uniform(0.998, 1.002)
    sound: Float64 = np.zeros(samples)
    for k in range(1, int(rng.integers(3, 20))):
        weight = k ** -rng.uniform(0.3, 1.5) * (1.0 if k % 2 else 0.4)
        sound += weight * np.sin(2 * np.pi * k * base * t + rng.uniform(0, 2 * np.pi))
    return (sound / rms(sound)).astype(np.float32)


def line_noise(samples: int, rng: np.random.Generator) -> Float32:
    """Hiss of a line, between white and brown, often with none above 4 kHz: float32[samples], RMS 1."""
    pole = rng.choice([0.0, 0.5, 0.9, 0.97])
    noise = lfilter([1.0], [1.0, -pole], rng.standard_normal(samples))
    if rng.random() < 0.7:
        noise = sosfilt(butter(6, rng.uniform(3000, 4000), "lowpass", fs=RATE, output="sos"), noise)
    return (noise / rms(noise)).astype(np.float32)


def _frame_levels(x: Float32) -> Float64:
    """RMS of each 10 ms, the last of what is left: float64[frames]."""
    whole = np.pad(x.astype(np.float64), (0, -x.size % _FRAME)).reshape(-1, _FRAME)
    return np.sqrt(np.mean(whole**2, axis=1)) + 1e-7


def _stretch(values: Float64, samples: int) -> Float32:
    """A value for each frame to one for each sample, linear between the frames' middles."""
    middles = (np.arange(values.size) + 0.5) * _FRAME
    return np.interp(np.arange(samples), middles, values).astype(np.float32)


def _limit(x: Float32) -> Float32:
    """Scale down what exceeds full scale."""
    return (x * np.float32(min(1.0, _LIMIT / (np.max(np.abs(x)) + 1e-9)))).astype(np.float32)
