"""report/evaluation.json: everything that was measured of a model, and all that tables and pictures are made from."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from models import UnusableError
from training.figures import Age, ByGender, Others, Voices

FOLDER = "report"
NAME = "evaluation.json"
SPECTROGRAMS = "worst.npz"

Spectrograms = npt.NDArray[np.uint8]
DB_OFFSET = 120  # a spectrogram's byte is dB + this


class Cell(msgspec.Struct, frozen=True):
    """Accuracy of 2 s windows through one codec, the voice limited to one band."""

    codec: str
    band: str
    forced: dict[str, ByGender]  # by corpus


class Worst(msgspec.Struct, frozen=True):
    """A window that the model is most surely wrong about; its spectrogram is in worst.npz, in the same order."""

    corpus: str
    condition: str
    path: str
    start: float  # s
    truth: str  # female, male, or the kind of sound
    female: float  # probability
    licence: str


class Evaluation(msgspec.Struct, frozen=True):
    """What `python -m training evaluate` found."""

    model: str
    digest: str  # SHA-256 of model.tflite
    size: int  # bytes of it
    milliseconds: float  # a window, float32, one thread
    label_threshold: float
    looked: bool  # whether evaluate-only data is in it
    voices: dict[str, dict[str, Voices]]  # corpus, condition
    ages: dict[str, Age]
    others: dict[str, Others]  # noise, music, vocal
    ratios: dict[str, ByGender]  # forced, by signal-to-noise ratio in dB
    emotions: dict[str, dict[str, ByGender]]  # forced; corpus, emotion
    codecs: list[Cell]
    worst: list[Worst]
    training: list[dict[str, float]]  # an epoch each


class _Head(msgspec.Struct):
    """What tells whether an older file is about the same model."""

    digest: str


def read_evaluation(folder: Path) -> tuple[Evaluation, Spectrograms]:
    """The evaluation of the model in `folder`, and the worst windows' spectrograms: uint8[n, frames, bands]."""
    path = folder / FOLDER / NAME
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Evaluation)
        with np.load(path.with_name(SPECTROGRAMS)) as file:
            return found, file["log_mel"]
    except OSError as error:
        raise UnusableError(f"cannot read {error.filename}: run `python -m training evaluate` first") from error
    except msgspec.DecodeError as error:
        raise UnusableError(
            f"{path} is not an evaluation of this version ({error}): move it away and evaluate again"
        ) from error


def write_evaluation(folder: Path, found: Evaluation, spectrograms: Spectrograms) -> None:
    """Write both files."""
    (folder / FOLDER).mkdir(exist_ok=True)
    plain = rounded(msgspec.to_builtins(found))
    (folder / FOLDER / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n")
    np.savez_compressed(folder / FOLDER / SPECTROGRAMS, log_mel=spectrograms)


def rounded(value: Any) -> Any:
    """The same with floats to six digits: what is beyond them is noise, and half of the file."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value


def read_former(folder: Path, digest: str) -> tuple[Evaluation, Spectrograms] | None:
    """An earlier evaluation of the model file with this digest, if there is one. Raises UnusableError as above."""
    path = folder / FOLDER / NAME
    if not path.exists() or msgspec.json.decode(path.read_bytes(), type=_Head).digest != digest:
        return None
    return read_evaluation(folder)


def with_former(
    found: Evaluation, spectrograms: Spectrograms, former: tuple[Evaluation, Spectrograms] | None
) -> tuple[Evaluation, Spectrograms]:
    """`found` with what an earlier look at evaluate-only data measured of the very same model file."""
    if former is None:
        return found, spectrograms
    old, _ = former
    found = msgspec.structs.replace(found, training=found.training or old.training)
    if found.looked or not old.looked:
        return found, spectrograms
    merged = msgspec.structs.replace(
        found,
        looked=True,
        voices=old.voices | found.voices,
        others=old.others | found.others,
        emotions=old.emotions | found.emotions,
    )
    return merged, spectrograms
