"""The fixed protocol: 2 s windows, hop 0.5 s, no context, the fixed gate, through the exported TFLite file."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models import Model, ModelSpec
from stream.features import LogMel
from training.audio import RATE, WINDOW, Int16, rms, to_float
from training.corpora import Recording
from training.gate import FRAME, gated_starts, voiced_frames
from training.lite import Lite
from training.pool import padded

HOP = RATE // 2  # samples
QUIET_DBFS = -60.0  # windows of noise below it are not asked about

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model says of one recording's gated windows, n of them."""

    recording: Recording
    speech: Floats  # [n], calibrated probability of a voice
    decidable: Floats  # [n]
    female: Floats  # [n]
    level: Floats  # [n], dBFS
    padded: bool  # the file is shorter than a window

    def gendered(self, spec: ModelSpec) -> npt.NDArray[np.bool_]:
        """Which windows get a gender rather than `unknown`: bool[n]."""
        limits = spec.thresholds
        sure = np.maximum(self.female, 1 - self.female) >= limits.label
        return self.voiced(spec) & (self.decidable >= limits.decidable) & sure

    def voiced(self, spec: ModelSpec) -> npt.NDArray[np.bool_]:
        """Which windows the model does not veto as no voice: bool[n]."""
        return self.speech >= spec.thresholds.speech


class Scorer:
    """Runs recordings through the gate, the kernel and the TFLite file."""

    def __init__(self, model: Model) -> None:
        self.spec = model.spec
        self._lite = Lite(model.content)
        self._log_mel = LogMel(model.spec.features, sample_rate=model.spec.sample_rate, window=model.spec.window)

    def __call__(self, recording: Recording, samples: Int16) -> Answers:
        """The answers on every window of `samples` (int16[any]) that passes the gate."""
        filled = np.zeros(padded(samples.size), np.int16)
        filled[: samples.size] = samples
        starts = gated_starts(voiced_frames(filled), HOP // FRAME)
        windows = [filled[start : start + WINDOW] for start in starts]
        logits = np.array([self._lite(self._log_mel(window)) for window in windows], np.float64).reshape(-1, 3)
        by_meaning = {
            output.meaning: 1 / (1 + np.exp(-(output.scale * logits[:, column] + output.bias)))
            for column, output in enumerate(self.spec.outputs)
        }
        level = np.array([20 * np.log10(rms(to_float(window))) for window in windows])
        return Answers(
            recording, by_meaning["speech"], by_meaning["decidable"], by_meaning["label"], level,
            samples.size < WINDOW,
        )  # fmt: skip
