"""What the readers of corpora share: splits by speaker, caps and balance, all drawn by hash and never by file order."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from models import UnusableError
from training.corpora.manifest import Recording, Split

Value = TypeVar("Value")

AUDIO = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3"})  # what soundfile reads
HELD_OUT = 10  # per cent of the speakers in test, and as many in dev; the others are to train on
CLIPS_PER_SPEAKER = 20  # more of one voice teach little and take long to decode


def lot(text: str) -> int:
    """A number that `text` draws, the same on every machine and in every run: uint64."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def split_of(speaker: str) -> Split:
    """The split that a speaker draws where the corpus gives none."""
    drawn = lot(speaker) % 100
    return "test" if drawn < HELD_OUT else "dev" if drawn < 2 * HELD_OUT else "train"


def files_below(root: Path, suffixes: Iterable[str] = AUDIO) -> list[Path]:
    """The files with these suffixes at any depth below `root`, relative to it and sorted."""
    wanted = set(suffixes)
    found = (path.relative_to(root) for path in root.rglob("*") if path.suffix.lower() in wanted)
    return sorted(path for path in found if not path.name.startswith("."))


def read_table(path: Path, corpus: str) -> str:
    """The text of a corpus' table. Raises UnusableError where it cannot be read."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UnusableError(
            f"cannot read {path}: {reason}; expected a table of {corpus}: "
            "give the folder that holds it, laid out as docs/corpora.md says"
        ) from error


def meaning(value: str, meanings: Mapping[str, Value], what: str) -> Value:
    """What a value of a table means. Raises UnusableError for one that nobody told us of; `what` says where it is."""
    if value not in meanings:
        expected = ", ".join(key or "nothing" for key in meanings)
        raise UnusableError(f"{what} is {value!r}: expected one of {expected}; mend the table or take the row out")
    return meanings[value]


def capped(recordings: Iterable[Recording], clips: int | None) -> list[Recording]:
    """At most `clips` recordings of each speaker (None: all), drawn by hash, in the order of their paths."""
    of: defaultdict[str, list[Recording]] = defaultdict(list)
    for recording in recordings:
        of[recording.speaker or recording.path].append(recording)
    if clips is not None:
        of = defaultdict(list, {who: sorted(all_of, key=_path_lot)[:clips] for who, all_of in of.items()})
    return sorted((each for all_of in of.values() for each in all_of), key=lambda recording: recording.path)


def balanced(recordings: Sequence[Recording]) -> list[Recording]:
    """As many women as men in each split, among the grown and among the others; who has to go is drawn by hash."""
    groups: defaultdict[tuple[Split, bool], defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for recording in recordings:
        groups[recording.split, recording.adult][recording.gender].add(recording.speaker)
    kept = set()
    for group, of in groups.items():
        fewest = min(len(of["female"]), len(of["male"]))
        kept |= {(group, who) for speakers in of.values() for who in sorted(speakers, key=lot)[:fewest]}
    return [each for each in recordings if ((each.split, each.adult), each.speaker) in kept]


def _path_lot(recording: Recording) -> tuple[int, str]:
    return lot(recording.path), recording.path
