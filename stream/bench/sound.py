"""What the measurements listen to: the demo's voices, pauses and music, over and over."""

from pathlib import Path

import numpy as np
import soundfile

from stream.records import SAMPLE_RATE, Samples

DEMO = Path(__file__).parents[1] / "demo" / "demo.flac"

VOICE_SECONDS = 4.5  # of the demo's beginning: one voice without a pause


def demo() -> Samples:
    """The demo recording: int16[n] at 16 kHz, 30 s, of which two thirds pass the VAD."""
    samples, _ = soundfile.read(DEMO, dtype="int16")
    return np.asarray(samples)


def speech() -> Samples:
    """Its first voice alone, which goes on without a pause: every window of it reaches the model."""
    return demo()[: int(VOICE_SECONDS * SAMPLE_RATE)]
