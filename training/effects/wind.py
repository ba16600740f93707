"""Wind in the microphone, the hand that holds it, breath that pops, and the overload that all three bring.

Wind is turbulence at the capsule: noise that falls steeply from some ten Hz on and comes in gusts
(Nelke and Vary, Measurement, Analysis and Simulation of Wind Noise Signals, IWAENC 2014).
"""

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, lfilter, sosfilt

from training.audio import RATE, Float32, rms

Float64 = npt.NDArray[np.float64]

SNR_DB = (-12.0, 15.0)  # over the whole band; most of the wind lies below 200 Hz
CORNER_HZ = (20.0, 120.0)  # from where on the wind's power falls
SLOPE = (2.0, 4.5)  # exponent of that fall: 6 to 14 dB an octave
GUSTS = (0.3, 1.2)  # standard deviation of a gust's level, in nepers
OVERLOAD = (0.35, 1.0)  # of the peak: what is beyond the microphone's ceiling clips
_LOWEST_HZ = 12.0  # capsules are AC-coupled


def wind(samples: int, rng: np.random.Generator) -> Float32:
    """Wind noise in gusts: float32[samples], RMS 1."""
    hz = np.fft.rfftfreq(samples, 1 / RATE)
    corner, slope = np.exp(rng.uniform(*np.log(CORNER_HZ))), rng.uniform(*SLOPE)
    power = (hz / _LOWEST_HZ) ** 4 / (1 + (hz / _LOWEST_HZ) ** 4) / (1 + (hz / corner) ** slope)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(samples)) * np.sqrt(power), samples)
    level = rng.uniform(*GUSTS) * _wander(samples, rng, rng.uniform(0.4, 2.0))
    level += rng.uniform(0.1, 0.4) * _wander(samples, rng, rng.uniform(5.0, 15.0))
    noise *= np.exp(level)
    return (noise / rms(noise)).astype(np.float32)


def in_wind(x: Float32, rng: np.random.Generator, snr_db: float | None = None) -> Float32:
    """`x` (float32[n]) with wind `snr_db` below it (else drawn from SNR_DB) and the overload of its gusts."""
    snr_db = rng.uniform(*SNR_DB) if snr_db is None else snr_db
    blown = x + wind(x.size, rng) * np.float32(rms(x) * 10 ** (-snr_db / 20))
    return overload(blown, rng.uniform(*OVERLOAD))


def handled(x: Float32, rng: np.random.Generator) -> Float32:
    """`x` with the hand on the microphone: thumps (damped, 40 to 250 Hz) and rubbing (noise of 0.2 to 2 kHz)."""
    noise = np.zeros(x.size)
    for _ in range(1 + rng.poisson(1.5 * x.size / RATE)):
        hz, width = rng.uniform(40, 250), rng.uniform(10, 60)
        _add(noise, _damped(hz, width, RATE // 5) * rng.uniform(0.3, 1.5), int(rng.integers(x.size)))
    for _ in range(rng.poisson(0.8 * x.size / RATE)):
        size = int(rng.uniform(0.05, 0.6) * RATE)
        band = butter(2, [rng.uniform(100, 400), rng.uniform(700, 3000)], "bandpass", fs=RATE, output="sos")
        grain = 0.3 + np.abs(_wander(size, rng, rng.uniform(10, 60)))  # skin sticks and slips
        rub = sosfilt(band, rng.standard_normal(size)) * grain * np.hanning(size)
        _add(noise, rub * rng.uniform(0.1, 0.6), int(rng.integers(x.size)))
    peak = np.max(np.abs(x)) + 1e-6
    return overload((x + noise * peak * rng.uniform(0.3, 1.5)).astype(np.float32), rng.uniform(*OVERLOAD))


def popped(x: Float32, rng: np.random.Generator) -> Float32:
    """`x` with breath on the capsule where syllables begin: pulses of 15 to 70 Hz, 30 to 120 ms long."""
    noise = np.zeros(x.size)
    peak = np.max(np.abs(x)) + 1e-6
    for at in _onsets(x):
        if rng.random() < 0.5:
            size = int(rng.uniform(0.03, 0.12) * RATE)
            pulse = np.sin(2 * np.pi * rng.uniform(15, 70) * np.arange(size) / RATE) * np.hanning(size)
            breath = lfilter([0.1], [1, -0.9], rng.standard_normal(size)) * np.hanning(size) * rng.uniform(0, 0.4)
            _add(noise, (pulse * rng.choice([-1, 1]) + breath) * rng.uniform(0.3, 1.5), max(0, at - size // 2))
    return overload((x + noise * peak).astype(np.float32), rng.uniform(*OVERLOAD))


def overload(x: Float32, ceiling: float) -> Float32:
    """Clip what lies beyond `ceiling` (0 to 1) of the peak of `x`, rounded; what then exceeds ±1 is scaled down."""
    limit = ceiling * np.max(np.abs(x)) + 1e-9
    if ceiling < 1.0:
        knee = 0.8 * limit  # from here on the microphone bends
        over = np.maximum(np.abs(x) - knee, 0.0)
        x = np.where(over > 0, np.sign(x) * (knee + (limit - knee) * np.tanh(over / (limit - knee))), x)
    return (x / max(1.0, limit)).astype(np.float32)


def _wander(samples: int, rng: np.random.Generator, hz: float) -> Float64:
    """A random walk of standard deviation about 1 that turns about `hz` times a second: float64[samples]."""
    points = rng.standard_normal(int(samples / RATE * hz) + 3)
    return np.interp(np.arange(samples) * hz / RATE + rng.random(), np.arange(points.size), points)


def _damped(hz: float, width: float, size: int) -> Float64:
    t = np.arange(size) / RATE
    return np.sin(2 * np.pi * hz * t) * np.exp(-np.pi * width * t)


def _onsets(x: Float32) -> list[int]:
    """Samples where the level of `x` rises by 10 dB within 60 ms and is near its loudest."""
    frame = RATE // 50
    power = np.mean(x[: x.size // frame * frame].reshape(-1, frame).astype(np.float64) ** 2, axis=1) + 1e-12
    rises = (power[3:] > 10 * power[:-3]) & (power[3:] > 0.05 * power.max())
    first = rises & ~np.concatenate([[False], rises[:-1]])
    return [int(at) for at in (np.flatnonzero(first) + 3) * frame]


def _add(noise: Float64, sound: Float64, at: int) -> None:
    end = min(noise.size, at + sound.size)
    noise[at:end] += sound[: end - at]
