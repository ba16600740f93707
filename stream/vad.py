"""WebRTC voice activity detection: each sample heard once, in 20 ms frames, counted per window."""

from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt
import webrtcvad
from msgspec import Meta

from stream.records import FRAME_SECONDS, SAMPLE_RATE, AudioBlock, Gap, Samples, SpeechVerdict, Window

FRAME = round(SAMPLE_RATE * FRAME_SECONDS)  # samples
_FRAME_BYTES = 2 * FRAME
_KEPT = 512  # frames remembered, about 10 s: more than a window and the piece that completes it


class VadSettings(msgspec.Struct, frozen=True):
    """The first gate: windows that WebRTC VAD calls silence never reach the model."""

    vad_mode: Annotated[
        int,
        Meta(ge=0, le=3, description="WebRTC VAD's aggressiveness, 0 to 3 (lets least pass)", extra={"reloads": True}),
    ] = 2
    vad_share: Annotated[
        float,
        Meta(
            ge=0.0,
            le=1.0,
            description="share of a window's 20 ms frames that must be speech, 0 to 1",
            extra={"reloads": True},
        ),
    ] = 0.5


def speech_frames(detector: webrtcvad.Vad, samples: Samples) -> npt.NDArray[np.bool_]:
    """What `detector` makes of each whole 20 ms frame of `samples` (int16[n], 16 kHz), which go on where it stands."""
    return np.frombuffer(_judged(detector, samples), np.bool_)


def _judged(detector: webrtcvad.Vad, samples: Samples) -> bytes:
    """The same, a byte for each frame."""
    content, is_speech = samples.tobytes(), detector.is_speech
    frames = range(0, len(content) - _FRAME_BYTES + 1, _FRAME_BYTES)
    return bytes([is_speech(content[at : at + _FRAME_BYTES], SAMPLE_RATE, FRAME) for at in frames])


class Vad:
    """The detector is stateful: it hears one stream's samples in order and each once, never a window twice."""

    def __init__(self, settings: VadSettings) -> None:
        self._detector = webrtcvad.Vad(settings.vad_mode)
        self._share = settings.vad_share
        self._partial = np.zeros(0, np.int16)  # samples that do not fill a frame yet
        self._first = 0  # index of the oldest frame remembered: frames lie on a 20 ms grid of stream time
        self._speech = bytearray()  # 1 where it is speech, of the frames from then on

    def adopt(self, settings: VadSettings) -> None:
        """Go on with these `settings`: frames still to come by the mode, windows still to come by the share."""
        self._detector.set_mode(settings.vad_mode)
        self._share = settings.vad_share

    def hear(self, piece: AudioBlock | Gap) -> None:
        """Go on with `piece` (16 kHz, at most 4 s). Frames that a gap touches are not judged."""
        if isinstance(piece, Gap):
            self._partial = self._partial[:0]
            return
        if self._partial.size:
            samples = np.concatenate([self._partial, piece.samples])
        else:
            frame = -(-piece.start // FRAME)
            samples = piece.samples[frame * FRAME - piece.start :]
            if frame != self._first + len(self._speech):  # after a gap: no window needs what was before
                self._first, self._speech = frame, bytearray()
        self._speech += _judged(self._detector, samples)
        forgotten = max(len(self._speech) - _KEPT, 0)
        self._first += forgotten
        del self._speech[:forgotten]
        self._partial = samples[samples.size // FRAME * FRAME :].copy()

    def judge(self, window: Window) -> SpeechVerdict:
        """The share of speech among the frames wholly inside `window`; padding is no speech."""
        first = -(-window.start // FRAME)
        last = (window.end - window.padded) // FRAME
        frames = bytes(self._speech[max(first - self._first, 0) : max(last - self._first, 0)])
        ratio = frames.count(1) / max(window.end // FRAME - first, 1)  # a short window may have no whole frame
        return SpeechVerdict(ratio, ratio >= self._share, frames)
