"""What the tests of `stream` share: the demo's voices as samples, and the shipped model, warm."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import settings

from models import load_model
from stream.classify import Classifier
from stream.records import Samples

DEMO = Path(__file__).parents[2] / "stream" / "demo" / "demo.flac"

settings.register_profile("genderstream", deadline=None, max_examples=60, print_blob=True)
settings.load_profile("genderstream")


@pytest.fixture(scope="session")
def demo_samples() -> Samples:
    """The demo recording: int16[n] at 16 kHz."""
    samples, rate = soundfile.read(DEMO, dtype="int16")
    assert rate == 16000
    return np.asarray(samples)


@pytest.fixture(scope="session")
def woman(demo_samples: Samples) -> Samples:
    """The demo's first voice, perceived as a woman's: 4.8 s."""
    return demo_samples[:76_800]


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The shipped model."""
    return Classifier(load_model())
