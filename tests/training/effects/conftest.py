"""A voice to work on."""

import numpy as np
import pytest

pytest.importorskip("soxr")
pytest.importorskip("scipy")

from scipy.signal import lfilter  # after the skips

RATE = 16000


@pytest.fixture(scope="session")
def voice():
    """float32[40000] of ±1: pulses of 90 to 180 Hz through three formants, four syllables a second with pauses."""
    samples, rng = 40000, np.random.default_rng(7)
    t = np.arange(samples) / RATE
    hz = 130 + 40 * np.sin(2 * np.pi * 0.7 * t) + 5 * np.cumsum(rng.standard_normal(samples)) / 100
    pulses = np.diff(np.floor(np.cumsum(hz) / RATE), prepend=0.0) + 0.003 * rng.standard_normal(samples)
    for centre, width in ((550, 80), (1500, 120), (2600, 200)):
        radius = np.exp(-np.pi * width / RATE)
        pulses = lfilter([1.0], [1.0, -2 * radius * np.cos(2 * np.pi * centre / RATE), radius**2], pulses)
    sound = pulses * (0.002 + np.clip(np.sin(2 * np.pi * 2 * t), 0, 1))
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)
