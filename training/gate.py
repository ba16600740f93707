"""The fixed gate: WebRTC VAD, mode 2, each 20 ms frame once in file order, half a window's frames speech."""

import numpy as np
import numpy.typing as npt
import webrtcvad

from stream.vad import FRAME, speech_frames
from training.audio import WINDOW, Int16

FRAMES = WINDOW // FRAME  # frames in a window
MODE = 2
SHARE = 0.5  # of a window's frames that must be speech
LOOSE = 0.3  # the same where a single word is worth learning from, for its speaker and microphone


def voiced_frames(samples: Int16) -> npt.NDArray[np.bool_]:
    """The VAD's verdict on each whole 20 ms frame, heard once and in order: bool[frames]."""
    return speech_frames(webrtcvad.Vad(MODE), samples)


def speech_shares(voiced: npt.NDArray[np.bool_], hop: int) -> npt.NDArray[np.float64]:
    """The share of speech frames of each window, `hop` frames apart: float64[windows]."""
    total = np.concatenate([[0], np.cumsum(voiced)])
    starts = np.arange(0, voiced.size - FRAMES + 1, hop)
    return np.asarray((total[starts + FRAMES] - total[starts]) / FRAMES)


def gated_starts(voiced: npt.NDArray[np.bool_], hop: int, share: float = SHARE) -> npt.NDArray[np.int64]:
    """First samples of the windows that pass the gate: int64[windows]."""
    passed = np.flatnonzero(speech_shares(voiced, hop) >= share)
    return np.asarray(passed * hop * FRAME, np.int64)
