"""What flows from stage to stage: frozen records, time as a sample index.

Structs of msgspec's: they are made several times a hop, ten times as fast as dataclasses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from stream.words import LossCause

SAMPLE_RATE = 16_000
"""Hz; the pipeline's one rate, after resampling."""

Samples = npt.NDArray[np.int16]

FULL_SCALE = 32768.0
"""What ±1 is in Samples."""

FRAME_SECONDS = 0.02
"""What the voice activity detector judges at a time."""

Features = npt.NDArray[np.float32]
"""What the model is fed of a window: float32[rows, columns], as its spec says."""

CAUSES: tuple[LossCause, ...] = get_args(LossCause)


class AudioBlock(msgspec.Struct, frozen=True):
    """Samples that follow one another without loss."""

    start: int  # index of the first sample since the stream began, lost ones counted
    samples: Samples  # int16[n], mono

    @property
    def end(self) -> int:
        """Index just after the last sample."""
        return self.start + self.samples.size


class Gap(msgspec.Struct, frozen=True):
    """Samples that were lost: nobody will ever hear them."""

    start: int  # index of the first lost sample
    length: int  # samples
    cause: LossCause  # device, network: lost in it, never reached us; lapped: overwritten before the worker came
    estimated: bool  # the length was inferred from the device's clock

    @property
    def end(self) -> int:
        """Index of the first sample after the gap."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Condition:
    """What a source says about itself, beside its samples."""

    state: Literal["capturing", "recovering", "failed"] = "capturing"  # failed: no hope, or none for long
    cause: str | None = None  # of that state; null while it captures
    overflows: int = 0  # times that the device said it lost samples
    restarts: int = 0  # times that the device was opened again
    drift_ppm: float | None = None  # by which the device is faster than the system's clock


class Window(msgspec.Struct, frozen=True):
    """Two seconds (or what the model wants) to decide on. Touches no gap."""

    start: int  # index of the first sample; on the grid of the hop
    samples: Samples  # int16[window]; valid until the next window is cut
    fresh: int  # samples at the end that no window before had
    padded: int  # zeros at the end, where the stream was shorter than one window
    gap_before: int  # samples lost since the window before
    lost: int  # samples lost since the stream began

    @property
    def end(self) -> int:
        """Index just after the last sample, padding included."""
        return self.start + self.samples.size


class SpeechVerdict(msgspec.Struct, frozen=True):
    """What WebRTC VAD makes of a window."""

    ratio: float  # share of the window's 20 ms frames that it calls speech
    is_speech: bool  # ratio reaches the configured share
    frames: bytes = b""  # one for each of them but for padding: 1 is speech


class Scores(msgspec.Struct, frozen=True):
    """The model's calibrated probabilities for a window, each 0 to 1; None: this model does not tell."""

    speech: float | None  # a voice rather than music or noise
    decidable: float | None  # given a voice: of one of the labels' kinds (a child's is not)
    label: float  # given both: the first label rather than the second
    timbre: Sequence[float] | None = None  # how the voice sounds, as the model's spec has it; never published
    frames: bytes | None = None  # for each 20 ms from the window's start on, the probability of speech, in 255ths

    @property
    def voice(self) -> float:
        """Probability of a voice; a model that does not tell is believed."""
        return 1.0 if self.speech is None else self.speech
