"""Sounds of two kinds, synthesised, for trying the whole way without a corpus."""

import numpy as np

from training.audio import RATE, WINDOW, Int16, to_int16
from training.zoo.sets import CORPUS, LABELS, SPEAKERS, Sets, Task, split
from training.zoo.windows import Windows, joined

_LEARNT, _ASKED = 48, 12  # windows
_PITCH, _FORMANT = {"female": 210.0, "male": 110.0}, {"female": 2800.0, "male": 1500.0}  # Hz


def buzz(kind: str, rng: np.random.Generator, size: int = WINDOW) -> Int16:
    """A buzz with the formant of a `female` or `male` throat, in noise; of any other kind noise alone: int16[size]."""
    sound = rng.standard_normal(size) * 0.02
    if kind in _PITCH:
        hz = _PITCH[kind] * rng.uniform(0.9, 1.1)
        partials = np.arange(1, int(7000 / hz))
        gains = np.exp(-(((partials * hz - _FORMANT[kind]) / 900) ** 2)) + 1.0 / partials
        phase = 2 * np.pi * hz * np.arange(size) / RATE
        for number, gain in zip(partials, gains, strict=True):
            sound += gain * np.sin(number * phase) / 9
    return to_int16(sound * rng.uniform(0.1, 0.8))


def synthesised_sets(task: Task) -> Sets:
    """The sets of `task` as buzzes and noise, a source a window."""
    rng = np.random.default_rng(1)
    kinds = {"gender": (("female",), ("male",)), "voice": (("female", "male"), ("noise",))}[task]

    def some(number: int) -> Windows:
        made = []
        for place in range(number):
            target = 1 - place % 2
            of = kinds[1 - target]
            made.append((buzz(of[place // 2 % len(of)], rng)[None], target, f"buzz-{place}"))
        return joined(made)

    return split(LABELS[task], some(_LEARNT), {SPEAKERS: some(_ASKED), CORPUS: some(_ASKED)}, rng)
