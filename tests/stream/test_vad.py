"""Laws of the VAD: each sample once, in order, the same however the stream was cut."""

import numpy as np
import pytest
import webrtcvad
from hypothesis import given
from hypothesis import strategies as st

from stream.records import AudioBlock, Gap, Samples, Window
from stream.vad import FRAME, Vad, VadSettings


class Recorder:
    """Stands where the detector stands, and keeps what it was given."""

    def __init__(self, detector: webrtcvad.Vad) -> None:
        self.detector = detector
        self.heard = b""

    def is_speech(self, frame: bytes, rate: int, length: int) -> bool:
        self.heard += frame
        return bool(self.detector.is_speech(frame, rate, length))


def listening(vad: Vad) -> Recorder:
    vad._detector = Recorder(vad._detector)
    return vad._detector


def window(start: int, length: int) -> Window:
    return Window(start, np.zeros(length, np.int16), length, 0, 0, 0)


@given(cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=30))
def test_hears_each_sample_once(woman: Samples, cuts: list[int]) -> None:
    """Whatever the blocks, the detector is given the stream's samples in order, each once, in whole frames."""
    vad = Vad(VadSettings())
    recorder = listening(vad)
    position = 0
    for size in cuts:
        vad.hear(AudioBlock(position, woman[position : position + size]))
        position = min(position + size, woman.size)
    whole = position // FRAME * FRAME
    assert recorder.heard == woman[:whole].tobytes()


@given(cuts=st.lists(st.integers(1, 9000), min_size=1, max_size=12), start=st.integers(0, 100))
def test_the_verdict_does_not_depend_on_the_blocks(woman: Samples, cuts: list[int], start: int) -> None:
    """A window's share of speech is that of the frames wholly inside it, heard from the stream's start."""
    detector = webrtcvad.Vad(2)
    frames = [
        detector.is_speech(woman[at : at + FRAME].tobytes(), 16000)
        for at in range(0, min(sum(cuts), woman.size) - FRAME + 1, FRAME)
    ]
    vad = Vad(VadSettings())
    position = 0
    for size in cuts:
        vad.hear(AudioBlock(position, woman[position : position + size]))
        position = min(position + size, woman.size)
    first = start * 160
    inside = frames[-(-first // FRAME) : (first + 3200) // FRAME]
    if first + 3200 <= len(frames) * FRAME:
        assert vad.judge(window(first, 3200)).ratio == pytest.approx(np.mean(inside))


def test_frames_that_a_gap_touches_are_not_judged(woman: Samples) -> None:
    """After a gap the detector goes on with the first whole frame of the 20 ms grid."""
    vad = Vad(VadSettings())
    recorder = listening(vad)
    vad.hear(AudioBlock(0, woman[:500]))
    vad.hear(Gap(500, 300, "device", False))
    vad.hear(AudioBlock(800, woman[800:2000]))
    assert recorder.heard == woman[:320].tobytes() + woman[960:1920].tobytes()


def test_the_share_decides() -> None:
    """A window is speech where its ratio reaches the configured share: silence is none, any share of 0 is met."""
    silence = AudioBlock(0, np.zeros(32000, np.int16))
    for share, expected in ((0.01, False), (0.0, True)):
        vad = Vad(VadSettings(vad_share=share))
        vad.hear(silence)
        assert vad.judge(window(0, 32000)).is_speech is expected
