"""What a model is: everything that a daemon must know to run one, as the file `spec.json` says it.

Training writes a `ModelSpec`, the daemon obeys it. Nothing about gender is built in: another two-class
sound model with other labels and no gate is another spec.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Positive = Annotated[float, Meta(gt=0.0)]
Count = Annotated[int, Meta(ge=1)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,64}$")]
Meaning = Literal["speech", "decidable", "label"]
Precision = Literal["float32", "int8"]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the spec; a key it does not know is an error."""


class FramedSpec(_Part, frozen=True):
    """What features have in common that are a row for each frame: of samples scaled to ±1, through one FFT."""

    frame: Count = 400  # samples, periodic Hann window
    hop: Count = 160  # samples from frame to frame
    fft: Count = 512  # points, a power of two; frames are padded with zeros

    @property
    def columns(self) -> int:
        """Values in a frame's row."""
        raise NotImplementedError

    def shape(self, window: int) -> tuple[int, int]:
        """Rows and columns of a window: its whole frames, and the values of each."""
        return 1 + (window - self.frame) // self.hop, self.columns


class MelSpec(FramedSpec, frozen=True):
    """What features have in common that begin as a log-mel spectrogram."""

    bands: Count = 64  # triangular, Slaney's mel scale and area normalisation
    f_min: float = 0.0  # Hz
    f_max: Positive = 8000.0  # Hz
    floor: Positive = 1e-10  # power below it counts as it: -100 dB


class LogMelSpec(MelSpec, frozen=True, tag_field="kind", tag="log-mel"):
    """Log-mel spectrogram: power in dB, float32[frames, bands]."""

    @property
    def columns(self) -> int:
        """One for each band."""
        return self.bands


class MfccSpec(MelSpec, frozen=True, tag_field="kind", tag="mfcc"):
    """Mel-frequency cepstrum: the orthonormal DCT-II of each log-mel row, float32[frames, coefficients]."""

    coefficients: Count = 20  # the first of them, from 0 (the level) on; at most as many as bands

    @property
    def columns(self) -> int:
        """One for each coefficient."""
        return self.coefficients


class SpectrogramSpec(FramedSpec, frozen=True, tag_field="kind", tag="log-spectrogram"):
    """Log spectrogram: the power of every FFT bin in dB, float32[frames, fft // 2 + 1]."""

    floor: Positive = 1e-10  # power below it counts as it: -100 dB

    @property
    def columns(self) -> int:
        """One for each bin from 0 Hz to half the sample rate."""
        return self.fft // 2 + 1


class WaveSpec(_Part, frozen=True, tag_field="kind", tag="wave"):
    """The samples themselves, scaled to ±1: float32[window, 1]."""

    def shape(self, window: int) -> tuple[int, int]:
        """Rows and columns of a window."""
        return window, 1


FeatureSpec = LogMelSpec | MfccSpec | SpectrogramSpec | WaveSpec
"""What a model is fed; `kind` tells which. `shape(window)` says what a window of samples becomes."""


class OutputSpec(_Part, frozen=True):
    """One logit of the model's output row, calibrated: p = sigmoid(scale * logit + bias)."""

    meaning: Meaning  # speech: a voice; decidable: of one of the classes; label: the first of `labels`
    scale: Positive = 1.0
    bias: float = 0.0


class Thresholds(_Part, frozen=True):
    """Below these probabilities a window is `not_speech`, `undecidable`, `low_confidence`."""

    speech: Probability = 0.5
    decidable: Probability = 0.5
    label: Annotated[float, Meta(ge=0.5, le=1.0)] = 0.75  # of the likelier label


class Smoothing(_Part, frozen=True):
    """What a former smoother needed. Nothing reads it: `Turns` took its place; it stays so that folders stay valid."""

    half_life: Positive = 1.5  # seconds of evidence after which half its weight is gone
    enter: Annotated[float, Meta(ge=0.5, lt=1.0)] = 0.8  # probability that makes a label the turn's
    leave: Annotated[float, Meta(ge=0.5, lt=1.0)] = 0.6  # probability below which it is unknown again
    forget: Positive = 3.0  # seconds without evidence after which a new turn starts from nothing


class Turns(_Part, frozen=True):
    """A sticky hidden Markov model of who speaks: either label, or no voice of theirs; see `stream.decide.turns`."""

    independent: Positive  # seconds between windows that are evidence each in full; closer ones for their part of it
    doubt: Annotated[float, Meta(gt=0.0, lt=0.5)]  # a window's probabilities are taken no nearer to 0 and 1 than this
    turn: Positive  # mean seconds until a label that holds gives way to the other or to no voice
    pause: Positive  # mean seconds without voice
    direct: Annotated[float, Meta(gt=0.0, lt=1.0)]  # share of turns that the other label follows without a pause
    enter: Annotated[float, Meta(ge=0.5, lt=1.0)]  # probability that makes a label the turn's
    leave: Annotated[float, Meta(ge=0.5, lt=1.0)]  # probability below which the turn is unknown again
    lag: Positive  # seconds after which an edge is settled, though later windows might still move it
    memory: Positive  # seconds of speech over which what was heard of who speaks fades to 1/e of its weight
    decidable: Probability | UnsetType = UNSET  # a person's windows together, else undecidable; left out: as one window


class Verdict(_Part, frozen=True):
    """How the log-odds of the first label spread over speakers and their windows; see `stream.decide.evidence`.

    A speaker's own mean is normal about +mean or -mean, by their label; their windows are normal about that.
    """

    mean: Positive  # of speakers' means, in the direction of their own label
    between: Positive  # standard deviation of speakers' means
    within: Positive  # standard deviation of a speaker's windows about their mean
    decorrelation: Positive  # seconds: integral of the autocorrelation of a speaker's windows over all lags
    atypical: Annotated[float, Meta(ge=0.0, lt=0.5)]  # share of speakers heard as the other label, however long
    limit: Positive  # log-odds of a window are taken no farther from 0 than this
    mixed: Annotated[float, Meta(gt=0.0, lt=1.0)]  # share of legs on which people of both labels speak
    stray: Positive  # independent windows that one speaker's turns of the wrong label together rarely exceed
    parted: Positive  # log Bayes factor by which one speaker's windows, parted by turns, rarely look like two people's


class Timbre(_Part, frozen=True):
    """How a voice sounds, in numbers that follow the logits in the model's output row; see `stream.decide.people`.

    A person's windows are normal about their own mean, with the variance 1 in each; people's means about 0.
    """

    size: Annotated[int, Meta(ge=1, le=64)]
    between: Positive  # variance of people's means in each


class Activity(_Part, frozen=True):
    """How likely speech is in each 20 ms of a window, from its start on: probabilities, the last of the output row."""

    frames: Count


class ModelFile(_Part, frozen=True):
    """One TFLite file of the folder and the SHA-256 that it must have."""

    path: str
    sha256: Digest


class TrainingRecord(_Part, frozen=True):
    """Where the model comes from."""

    commit: str
    data_digest: str  # SHA-256 over what was trained on
    recipe: str


class ModelSpec(_Part, frozen=True, tag_field="schema", tag="genderstream.model/1"):
    """A model folder's `spec.json`."""

    name: Name
    labels: tuple[Name, Name]
    gate: Literal["vad", "none"]  # vad: the model is only asked about windows with enough speech frames
    sample_rate: Literal[16000]  # Hz; the pipeline's one rate
    window: Annotated[int, Meta(ge=1, le=80_000)]  # samples; at most 5 s: a stream keeps 10 s for the VAD and the ring
    features: FeatureSpec
    outputs: Annotated[tuple[OutputSpec, ...], Meta(min_length=1, max_length=3)]
    thresholds: Thresholds
    smoothing: Smoothing
    files: dict[Precision, ModelFile]
    training: TrainingRecord
    turns: Turns | UnsetType = UNSET  # left out where nobody has estimated it: then that of `models.provisional` holds
    verdict: Verdict | UnsetType = UNSET  # the same
    timbre: Timbre | UnsetType = UNSET  # left out where the model does not tell: people are known by their labels alone
    activity: Activity | UnsetType = UNSET  # left out where the model does not tell: WebRTC's detector is asked

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a window's features: what the model takes."""
        return self.features.shape(self.window)

    @property
    def row(self) -> int:
        """Length of the model's output row: a logit for each output, timbre, and activity."""
        timbre, activity = self.timbre, self.activity
        return len(self.outputs) + (timbre.size if timbre else 0) + (activity.frames if activity else 0)
