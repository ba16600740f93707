"""Recordings are read exactly, whatever holds their samples."""

import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stream.records import Samples
from stream.ring import Ring
from stream.sources import InputSettings
from stream.sources.recording import Recording


class Intake:
    """Keeps what one stream is given."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.heard: list[Samples] = []

    def open(self, stream: str, *, rate: int, live: bool, timed: bool) -> Ring:
        ring = Ring(10 * rate, live=live, wake=lambda: None)
        ring.write = lambda samples, **_: self.heard.append(samples.copy())
        return ring

    def say(self, line: str) -> None:
        pass


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2])
def test_sixteen_bits_come_back_as_they_were(tmp_path: Path, woman: Samples, subtype: str, channels: int) -> None:
    """The same samples in files of 16 bits and of more are the same samples in the ring, at both ends of the scale."""
    samples = np.concatenate([woman[:40_000], np.array([-32768, 32767, 0, -1], np.int16)])
    path = tmp_path / "voice.wav"
    frames = np.repeat(samples[:, np.newaxis], channels, axis=1).astype(np.int32) << 16
    if subtype in ("FLOAT", "DOUBLE"):
        soundfile.write(path, frames / 2.0**31, 16000, subtype=subtype)
    else:
        soundfile.write(path, frames, 16000, subtype=subtype)
    intake = Intake()
    Recording(path, InputSettings()).capture(intake)
    assert np.array_equal(np.concatenate(intake.heard), samples)
