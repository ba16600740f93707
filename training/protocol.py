"""The fixed protocol: what is done to whole files, and 2 s windows of them, hop 0.5 s, no context, the fixed gate."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from models import Model, ModelSpec
from stream.features import LogMel
from training.audio import RATE, WINDOW, Float32, Int16, rms, to_float, to_int16
from training.augment import at_level, in_room, mix
from training.corpora import Recording
from training.effects.codecs import through
from training.effects.rooms import respond
from training.effects.wind import in_wind
from training.gate import FRAME, SHARE, gated_starts, voiced_frames
from training.lite import Lite
from training.pool import padded
from training.telephone import over_telephone, pass_band

HOP = RATE // 2  # samples
QUIET_DBFS = -60.0  # windows of noise below it are not asked about
LINE_DBFS = -30.0  # RMS, into a telephone or a codec
NOISE_SNR_DB = 10.0
WIND_SNR_DB = 0.0  # over the whole band; most of the wind lies below 200 Hz
CONDITIONS: Final = ("clean", "G.711", "noise", "room", "wind")
CONDITIONS_SAID: Final = {
    "clean": "as recorded",
    "G.711": "300 to 3400 Hz, µ-law at 8 kHz, −30 dBFS",
    "noise": "noise at 10 dB",
    "room": "a simulated living room of 5 × 4 × 2.5 m, T60 about 0.5 s, 2 m away",
    "wind": "wind at 0 dB over the whole band, its gusts overloading the microphone",
}
BANDS: Final[dict[str, tuple[float, float] | None]] = {
    "0–8 kHz": None, "0–4 kHz": (20.0, 3800.0), "300–3400 Hz": (300.0, 3400.0),
}  # fmt: skip
"""What is left of the voice before a codec: the edges, Hz."""
_ROOM: Final = (5.0, 4.0, 2.5)  # m
_MOUTH, _MICROPHONE = (1.5, 1.4, 1.5), (3.4, 2.0, 1.3)  # m: 2.0 m apart
_T60 = 0.5  # s

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
    starts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))  # [n], first samples

    def gendered(self, spec: ModelSpec) -> npt.NDArray[np.bool_]:
        """Which windows get a gender rather than `unknown`: bool[n]."""
        sure = np.maximum(self.female, 1 - self.female) >= spec.thresholds.label
        return self.answerable(spec) & sure

    def answerable(self, spec: ModelSpec) -> npt.NDArray[np.bool_]:
        """Which windows are a voice of one of the two classes, as the model says: bool[n]."""
        return self.voiced(spec) & (self.decidable >= spec.thresholds.decidable)

    def voiced(self, spec: ModelSpec) -> npt.NDArray[np.bool_]:
        """Which windows the model does not veto as no voice: bool[n]."""
        return self.speech >= spec.thresholds.speech


class Scorer:
    """Runs recordings through the gate, the kernel and the TFLite file."""

    def __init__(self, model: Model, share: float = SHARE) -> None:
        """`share`: of a window's VAD frames that must be speech; the protocol's, but for self-training."""
        self.spec, self._share = model.spec, share
        self._lite = Lite(model.content)
        self._log_mel = LogMel(model.spec.features, sample_rate=model.spec.sample_rate, window=model.spec.window)

    def __call__(self, recording: Recording, samples: Int16) -> Answers:
        """The answers on every window of `samples` (int16[any]) that passes the gate."""
        filled = _filled(samples)
        starts = gated_starts(voiced_frames(filled), HOP // FRAME, self._share)
        windows = [filled[start : start + WINDOW] for start in starts]
        logits = np.array([self._lite(self._log_mel(window))[:3] for window in windows], np.float64).reshape(-1, 3)
        by_meaning = {
            output.meaning: 1 / (1 + np.exp(-(output.scale * logits[:, column] + output.bias)))
            for column, output in enumerate(self.spec.outputs)
        }
        level = np.array([20 * np.log10(rms(to_float(window))) for window in windows])
        return Answers(
            recording, by_meaning["speech"], by_meaning["decidable"], by_meaning["label"], level,
            samples.size < WINDOW, starts,
        )  # fmt: skip

    def spectrogram(self, samples: Int16, start: int) -> Float32:
        """The log-mel (dB, [frames, bands]) that the model saw of the window at `start`."""
        return np.array(self._log_mel(_filled(samples)[start : start + WINDOW]), np.float32)


class Conditions:
    """What is done to a whole recording before windows are cut; what is drawn, is drawn from the file's path."""

    def __init__(self, noises: Sequence[Int16]) -> None:
        """`noises`: clips of the test split, in a fixed order."""
        self._noises = noises
        self._do: dict[str, Callable[[Float32, str], Float32]] = {
            "G.711": lambda x, path: over_telephone(at_level(x, LINE_DBFS), "mu"),
            "noise": lambda x, path: self._noisy(x, path, NOISE_SNR_DB),
            "room": lambda x, path: _as_loud(in_room(x, living_room(), 1.0), x),
            "wind": lambda x, path: in_wind(x, _drawn(path, "wind"), WIND_SNR_DB),
        }

    def hear(self, condition: str, samples: Int16, path: str) -> Int16:
        """`samples` (int16[n]) of the file at `path` under one of CONDITIONS."""
        return samples if condition == "clean" else to_int16(self._do[condition](to_float(samples), path))

    def in_noise(self, samples: Int16, path: str, snr_db: float) -> Int16:
        """`samples` with a noise of the test split `snr_db` below them; the same noise at every ratio."""
        return to_int16(self._noisy(to_float(samples), path, snr_db))

    def _noisy(self, x: Float32, path: str, snr_db: float) -> Float32:
        noise = self._noises[_drawn(path, "noise").integers(len(self._noises))]
        return _as_loud(mix(x, to_float(np.resize(noise, x.size)), snr_db), x)


def coded(codec: str, band: str, clips: Sequence[Int16]) -> list[Int16]:
    """Clips limited to one of BANDS, then through a codec of training.effects.codecs, or "none"."""
    edges = BANDS[band]
    limited = [to_float(clip) if edges is None else pass_band(to_float(clip), *edges) for clip in clips]
    spoken = [at_level(clip, LINE_DBFS) for clip in limited]
    return [to_int16(clip) for clip in (spoken if codec == "none" else through(codec, spoken))]


@cache
def living_room() -> Float32:
    """The response of the protocol's one room: float32[up to 1.2 s]."""
    rng = np.random.default_rng(500)
    return respond(rng, np.array(_ROOM), _T60, np.array(_MOUTH), np.array(_MICROPHONE))


def _drawn(path: str, purpose: str) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(path.encode()), zlib.crc32(purpose.encode())])


def _as_loud(x: Float32, wanted: Float32) -> Float32:
    return at_level(x, 20 * np.log10(rms(wanted)))


def _filled(samples: Int16) -> Int16:
    filled = np.zeros(padded(samples.size), np.int16)
    filled[: samples.size] = samples
    return filled
