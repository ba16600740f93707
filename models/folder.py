"""Loading and verifying a model folder: `spec.json`, and TFLite files with the digests that it names."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from models.errors import UnusableError
from models.provisional import TURNS, VERDICT
from models.spec import FramedSpec, MelSpec, MfccSpec, ModelSpec, Precision

VOICE = Path(__file__).parent / "voice"
"""The folder of the model that ships."""


@dataclass(frozen=True, slots=True)
class Model:
    """A verified model: its spec, the bytes of the chosen TFLite file, and the name messages carry."""

    spec: ModelSpec
    content: bytes
    digest: str  # SHA-256 of content, hex

    @property
    def identity(self) -> str:
        """Name and the first 12 hex digits of the digest, as in every message."""
        return f"{self.spec.name}@{self.digest[:12]}"


def load_model(folder: Path = VOICE, precision: Precision = "float32") -> Model:
    """Read and verify the model in `folder`.

    Raises UnusableError where a file is missing, the spec does not fit or a digest is wrong.
    """
    spec = read_spec(folder)
    file = spec.files.get(precision)
    if file is None:
        has = " and ".join(spec.files) or "none"
        raise UnusableError(f"model {folder} has no {precision} file, only {has}: choose another --precision")
    content = _read(folder / file.path)
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        raise UnusableError(
            f"{folder / file.path} has SHA-256 {digest[:12]}…, spec.json says {file.sha256[:12]}…: "
            "the file is damaged or was replaced; copy the whole model folder again"
        )
    return Model(spec, content, digest)


def read_spec(folder: Path) -> ModelSpec:
    """Decode and check `spec.json`."""
    path = folder / "spec.json"
    try:
        spec = msgspec.json.decode(_read(path), type=ModelSpec)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # ValidationError is a DecodeError
        raise UnusableError(f"{path} is not a model's spec: {error}") from error
    for problem in (*_contradictions(spec), *_feature_contradictions(spec), *_decision_contradictions(spec)):
        raise UnusableError(f"{path}: {problem}")
    return spec


def write_spec(folder: Path, spec: ModelSpec) -> None:
    """Write `spec.json`, indented for people."""
    (folder / "spec.json").write_bytes(msgspec.json.format(msgspec.json.encode(spec), indent=2) + b"\n")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableError(
            f"cannot read {path}: {error.strerror}; a model is a folder with spec.json and its .tflite files"
        ) from error


def _contradictions(spec: ModelSpec) -> Iterator[str]:
    """What the types alone cannot say, each in one line; none where the spec fits together."""
    meanings = [output.meaning for output in spec.outputs]
    if spec.labels[0] == spec.labels[1] or "unknown" in spec.labels:
        yield f"labels are {spec.labels}: expected two different names, neither of them `unknown`"
    if len(set(meanings)) < len(meanings) or "label" not in meanings:
        yield f"outputs mean {meanings}: expected `label` once, and `speech` and `decidable` at most once"
    if any("/" in file.path or file.path.startswith(".") for file in spec.files.values()):
        yield "a file lies outside the folder: expected plain file names"
    if spec.smoothing.leave > spec.smoothing.enter:
        yield f"smoothing leaves at {spec.smoothing.leave}: expected at most enter ({spec.smoothing.enter})"


def _decision_contradictions(spec: ModelSpec) -> Iterator[str]:
    """The same of the decisions over time."""
    turns, speakers = spec.turns or TURNS, spec.verdict or VERDICT
    if turns.leave > turns.enter:
        yield f"turns leave at {turns.leave}: expected at most enter ({turns.enter})"
    if turns.enter >= 1.0 - speakers.atypical:
        yield f"turns enter at {turns.enter}: expected less than 1 - atypical ({1.0 - speakers.atypical:g})"
    if spec.activity and spec.activity.frames > (most := 50 * spec.window // spec.sample_rate):
        yield f"activity has {spec.activity.frames} frames: expected at most {most}, of 20 ms each"


def _feature_contradictions(spec: ModelSpec) -> Iterator[str]:
    """The same of the features."""
    features = spec.features
    if isinstance(features, FramedSpec):
        if features.fft & (features.fft - 1) or features.fft < 8:
            yield f"fft is {features.fft}: expected a power of two from 8 on"
        if not features.frame <= features.fft or features.frame % 2:
            yield f"frame is {features.frame} samples: expected an even number up to fft ({features.fft})"
        if spec.window < features.frame:
            yield f"window is {spec.window} samples: expected at least one frame ({features.frame})"
    if isinstance(features, MelSpec) and not 0 <= features.f_min < features.f_max <= spec.sample_rate / 2:
        yield f"bands reach from {features.f_min} to {features.f_max} Hz: expected 0 <= f_min < f_max <= 8000"
    if isinstance(features, MfccSpec) and features.coefficients > features.bands:
        yield f"coefficients are {features.coefficients}: expected at most as many as bands ({features.bands})"
