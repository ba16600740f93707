"""Sounds that are no voice, synthesised: music of many timbres, tones, ringing, hum, noise, clicks, near-silence.

Public music is little; the network must not take harmonic sound for a voice.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from training.audio import RATE, Int16, to_int16

Float64 = npt.NDArray[np.float64]
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10), (0, 2, 4, 7, 9))  # semitones
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 5, 7), (0, 4, 7, 10), (0, 7), (0,))


def synthesise(kind: str, rng: np.random.Generator, *, seconds: float = 8.0) -> Int16:
    """A clip of `kind` (`music` or `noise`): int16[seconds * 16000], peak between 0.1 and 0.9."""
    makers = _MUSIC if kind == "music" else _NOISE
    sound = np.zeros(0)
    while not sound.any():  # nothing but rests was drawn
        sound = makers[rng.integers(len(makers))](rng, int(seconds * RATE))
    return to_int16(sound / (np.max(np.abs(sound)) + 1e-9) * rng.uniform(0.1, 0.9))


def _seconds(n: int) -> Float64:
    return np.arange(n) / RATE


def _partials(rng: np.random.Generator) -> tuple[Float64, Float64]:
    """Frequency ratios and amplitudes of a random timbre: organ, string, reed, bell or pad."""
    count = int(rng.integers(1, 16))
    number = np.arange(1, count + 1)
    ratio = number * np.sqrt(1 + rng.choice([0.0, 3e-4, 3e-3]) * number**2)  # stiff strings are inharmonic
    if rng.random() < 0.15:
        ratio = np.sort(rng.uniform(0.5, 9.0, count))  # a bell
    if rng.random() < 0.2:
        number = 2 * number - 1  # a closed pipe
    return ratio, number ** -rng.uniform(0.3, 2.0) * rng.uniform(0.3, 1.0, count)


def _note(rng: np.random.Generator, hz: float, n: int, timbre: tuple[Float64, Float64], pluck: float) -> Float64:
    """One note of `n` samples; `pluck` is the decay time in s, 0 for a held note."""
    t = _seconds(n)
    vibrato = rng.choice([0.0, 0.004, 0.012]) * np.sin(2 * np.pi * rng.uniform(4, 7) * t)
    phase = 2 * np.pi * np.cumsum(hz * (1 + vibrato)) / RATE
    sound = np.zeros(n)
    for ratio, amplitude in zip(*timbre, strict=True):
        if ratio * hz < 0.45 * RATE:
            decay = np.exp(-t * ratio**0.5 / pluck) if pluck else 1.0
            sound += amplitude * decay * np.sin(ratio * phase + rng.uniform(0, 6.3))
    attack, release = min(int(rng.uniform(0.003, 0.08) * RATE), n // 2), min(RATE // 20, n // 2)
    sound[:attack] *= np.linspace(0, 1, attack)
    sound[n - release :] *= np.linspace(1, 0, release)
    return sound


def _voice_of_notes(rng: np.random.Generator, n: int, *, chords: bool) -> Float64:
    """A melody, or a row of chords, in one timbre."""
    sound, timbre = np.zeros(n), _partials(rng)
    scale = _SCALES[rng.integers(len(_SCALES))]
    root, beat = rng.uniform(36, 72), rng.uniform(0.12, 0.7)
    pluck = float(rng.choice([0.0, 0.0, 0.15, 0.4, 1.2]))
    at = 0
    while at < n:
        size = min(int(beat * rng.choice([0.5, 1, 1, 2, 4]) * RATE), n - at)
        pitch = root + scale[rng.integers(len(scale))] + 12 * rng.integers(0, 3)
        for step in _CHORDS[rng.integers(len(_CHORDS))] if chords else (0,):
            if size > 64 and rng.random() < 0.93:  # else a rest
                hz = 440 * 2 ** ((pitch + step - 69) / 12)
                sound[at : at + size] += _note(rng, hz, size, timbre, pluck) * rng.uniform(0.5, 1)
        at += max(size, 1)
    return sound


def _drums(rng: np.random.Generator, n: int) -> Float64:
    """Kick, snare and hat on a grid: falling tones and bursts of noise."""
    sound, step = np.zeros(n), int(rng.uniform(0.1, 0.25) * RATE)
    t = _seconds(step)
    kick = np.sin(2 * np.pi * 50 * t + 12 * (1 - np.exp(-30 * t))) * np.exp(-t * 18)
    snare = rng.standard_normal(step) * np.exp(-t * rng.uniform(15, 40))
    hat = np.diff(rng.standard_normal(step + 1)) * np.exp(-t * 70) * 0.4
    for i, at in enumerate(range(0, n - step, step)):
        beat = kick if i % 4 == 0 else snare if i % 4 == 2 else hat
        if rng.random() < 0.85:
            sound[at : at + step] += beat * rng.uniform(0.5, 1)
    return sound


def _band(rng: np.random.Generator, n: int) -> Float64:
    """Several instruments together."""
    parts = [_voice_of_notes(rng, n, chords=bool(i % 2)) for i in range(rng.integers(1, 4))]
    if rng.random() < 0.6:
        parts.append(_drums(rng, n))
    return np.sum([part / (np.std(part) + 1e-9) * rng.uniform(0.3, 1) for part in parts], axis=0)


def _swept(rng: np.random.Generator, n: int) -> Float64:
    """A synthesiser's sawtooth through a moving resonance: the nearest that music comes to a voice."""
    phase = np.cumsum(np.repeat(rng.uniform(60, 400, n // 4000 + 1), 4000)[:n]) / RATE
    saw = 2 * (phase % 1) - 1
    sound = np.zeros(n)
    for at in range(0, n, 4000):
        hz, radius = rng.uniform(200, 3000), rng.uniform(0.9, 0.98)
        poles = [1, -2 * radius * np.cos(2 * np.pi * hz / RATE), radius**2]
        sound[at : at + 4000] = lfilter([1 - radius], poles, saw[at : at + 4000])
    return sound


def _tone(rng: np.random.Generator, n: int) -> Float64:
    """A steady, gliding or beating tone; a dial tone when there are two."""
    t, sound = _seconds(n), np.zeros(n)
    for _ in range(rng.integers(1, 4)):
        hz = np.exp(rng.uniform(np.log(80), np.log(6000)))
        end = hz * rng.choice([1, 1, rng.uniform(0.5, 2)])
        sound += np.sin(2 * np.pi * (hz * t + (end - hz) * t**2 / (2 * t[-1])))
    return sound


def _ring(rng: np.random.Generator, n: int) -> Float64:
    """A telephone's ringing, busy tone or an alarm: a tone switched on and off."""
    on, off = rng.uniform(0.03, 1.2), rng.uniform(0.03, 1.5)
    return _tone(rng, n) * ((_seconds(n) % (on + off)) < on)


def _hum(rng: np.random.Generator, n: int) -> Float64:
    """Mains hum or a motor: many harmonics of a low tone, and a little noise."""
    t, base = _seconds(n), rng.choice([50.0, 60.0, 100.0, rng.uniform(30, 200)])
    count = int(rng.integers(2, 30))
    sound = sum(k ** -rng.uniform(0.3, 1.5) * np.sin(2 * np.pi * k * base * t + k * k) for k in range(1, count))
    return sound + rng.uniform(0, 0.3) * rng.standard_normal(n)


def coloured_noise(rng: np.random.Generator, n: int) -> Float64:
    """Noise that falls or rises by -9 to +3 dB an octave, in gusts at times: float64[n]."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20.0)
    sound = np.fft.irfft(spectrum * hz ** (rng.uniform(-9, 3) / 6.02), n)
    if rng.random() < 0.3:
        points = np.arange(0, n + 4000, 4000)
        sound *= np.interp(np.arange(n), points, rng.uniform(0.05, 1, points.size))
    return np.asarray(sound)


def _clicks(rng: np.random.Generator, n: int) -> Float64:
    """Crackle: single impulses through a random resonance."""
    sound = (rng.random(n) < rng.uniform(1, 40) / RATE) * rng.standard_normal(n)
    radius, angle = rng.uniform(0.5, 0.98), rng.uniform(0.1, 3)
    return np.asarray(lfilter([1], [1, -2 * radius * np.cos(angle), radius**2], sound)) + 1e-4 * rng.standard_normal(n)


def _beats(rng: np.random.Generator, n: int) -> Float64:
    """Noise chopped at the rate of syllables: steps, hammering, a printer."""
    return coloured_noise(rng, n) * (np.sin(2 * np.pi * rng.uniform(1, 9) * _seconds(n)) > rng.uniform(-0.5, 0.8))


_MUSIC: tuple[Callable[[np.random.Generator, int], Float64], ...] = (
    lambda rng, n: _voice_of_notes(rng, n, chords=False),
    lambda rng, n: _voice_of_notes(rng, n, chords=True),
    _band,
    _band,
    _swept,
)
_NOISE: tuple[Callable[[np.random.Generator, int], Float64], ...] = (
    _tone, _ring, _hum, coloured_noise, coloured_noise, _clicks, _beats,
)  # fmt: skip
