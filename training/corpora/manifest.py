"""A manifest CSV, one row a file: read into records, and the laws that keep an evaluation honest."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

import msgspec

from models import UnusableError

Split = Literal["train", "dev", "test"]
Gender = Literal["female", "male", ""]
ADULT_FROM = 18  # years; from here on a voice is decidable
CHILD_BELOW = 13  # years; below it a voice is not decidable, between the two we claim nothing
_EVALUATE_ONLY = "evaluate only"


class Recording(msgspec.Struct, frozen=True):
    """One file of a corpus, or what was made of one."""

    path: str  # relative to the data folder
    kind: str  # speech, vocal, noise, music, unlabelled, rir, conversation
    corpus: str
    speaker: str  # empty where nobody is known to speak
    gender: Gender
    age: int | None  # years; None: not known
    split: Split
    use: str
    licence: str
    note: str

    @property
    def adult(self) -> bool:
        """A grown speaker, as far as is known."""
        return self.kind == "speech" and (self.age is None or self.age >= ADULT_FROM)

    @property
    def child(self) -> bool:
        """A speaker young enough to count as undecidable."""
        return self.kind == "speech" and self.age is not None and self.age < CHILD_BELOW

    @property
    def doubtful(self) -> bool:
        """The gender label is in doubt."""
        return "doubtful" in self.note

    @property
    def evaluate_only(self) -> bool:
        """The licence or the owner forbids to learn from it."""
        return self.use == _EVALUATE_ONLY


def read_manifest(path: Path) -> list[Recording]:
    """All rows of the manifest at `path`, in file order. Raises UnusableError where they break a law."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            recordings = [_record(row, path) for row in csv.DictReader(file)]
    except OSError as error:
        raise UnusableError(f"cannot read {path}: {error.strerror}; --data is a folder with a manifest.csv") from error
    refuse_mixed_speakers(recordings)
    return recordings


def recordings_for(recordings: Iterable[Recording], split: Split, *, learn: bool) -> list[Recording]:
    """The recordings of `split`. With `learn` (to train, tune or calibrate on them), those must be allowed to.

    Raises UnusableError for a recording that is for evaluation only, and for learning from the test split.
    """
    chosen = [recording for recording in recordings if recording.split == split]
    if learn and split == "test":
        raise UnusableError("the test split was asked for to learn from: only train and dev may be")
    for recording in chosen:
        if learn and recording.evaluate_only:
            raise UnusableError(
                f"{recording.path} is `{_EVALUATE_ONLY}` but in the {split} split: "
                "never train, tune or calibrate on it; move it to the test split"
            )
    return chosen


def _record(row: dict[str, str], path: Path) -> Recording:
    if row.get("split") not in get_args(Split):
        raise UnusableError(f"{path}: {row.get('path')} has split {row.get('split')!r}: expected train, dev or test")
    age = row["age"]
    fields = ("path", "kind", "corpus", "speaker", "gender", "split", "use", "licence", "note")
    values: dict[str, object] = {field: row[field] for field in fields}
    return msgspec.convert({**values, "age": int(age) if age.isdigit() else None}, Recording)


def refuse_mixed_speakers(recordings: Iterable[Recording]) -> None:
    """A speaker heard in training and met again in a test would flatter the model."""
    split_of: dict[str, str] = {}
    for recording in recordings:
        known = split_of.setdefault(recording.speaker, recording.split) if recording.speaker else recording.split
        if known != recording.split:
            raise UnusableError(
                f"speaker {recording.speaker} is in the splits {known} and {recording.split}: "
                "keep every speaker in one split"
            )
