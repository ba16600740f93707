"""Common Voice, a language of a release as it is unpacked: validated.tsv and others, and clips/ beside them."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from models import UnusableError
from training.corpora.manifest import Gender, Recording, Split
from training.corpora.speakers import CLIPS_PER_SPEAKER, balanced, capped, meaning, split_of

SPLITS: tuple[Split, ...] = ("train", "dev", "test")  # a speaker in several of the corpus' own is in the last of them
TABLES = ("validated", *SPLITS)
UP_VOTES = 2  # at least, and more than there are down-votes
_COLUMNS = frozenset({"client_id", "path", "up_votes", "down_votes", "age", "gender"})
_GENDERS: dict[str, Gender] = {  # "" is an answer of its own, or none that names a class of ours: never learnt from
    "": "", "female": "female", "male": "male", "other": "",
    "female_feminine": "female", "male_masculine": "male", "intersex": "", "transgender": "", "non-binary": "",
    "do_not_wish_to_say": "",
}  # fmt: skip
_AGES: dict[str, int | None] = {  # years; teens are between child and grown, whatever their year
    "": None, "teens": 16, "twenties": 25, "thirties": 35, "fourties": 45, "forties": 45, "fifties": 55, "sixties": 65,
    "seventies": 75, "eighties": 85, "nineties": 95,
}  # fmt: skip


def read_common_voice(
    root: Path,
    *,
    clips_per_speaker: int | None = CLIPS_PER_SPEAKER,
    up_votes: int = UP_VOTES,
    balance: bool = True,
) -> list[Recording]:
    """The clips of women and men in `root` that listeners approved, as many women as men where `balance` is set.

    Speakers who say another gender, several, or none, are left out. Splits are the corpus' own where a speaker is in
    one of its tables, else drawn by speaker. Raises UnusableError for missing tables or clips and for unknown values.
    """
    present = [name for name in TABLES if (root / f"{name}.tsv").exists()]
    if not present:
        raise UnusableError(
            f"no table of Common Voice in {root}: expected validated.tsv, or train.tsv, dev.tsv and test.tsv; "
            "give the folder of one language"
        )
    own = {row["client_id"]: split for split in SPLITS if split in present for row in _rows(root / f"{split}.tsv")}
    clips: dict[str, Recording] = {}
    answers: defaultdict[str, set[Gender]] = defaultdict(set)
    for path in (root / f"{name}.tsv" for name in present):
        for row in _rows(path):
            recording = _recording(row, own, path)
            if row["gender"]:
                answers[recording.speaker].add(recording.gender)
            if recording.gender and _approved(row, up_votes, path):
                clips[recording.path] = recording
    chosen = capped((clip for clip in clips.values() if answers[clip.speaker] == {clip.gender}), clips_per_speaker)
    return _present(balanced(chosen) if balance else chosen, root)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
        if missing := _COLUMNS - set(rows.fieldnames or ()):
            raise UnusableError(
                f"{path} has no column {', '.join(sorted(missing))}: expected the table of a release; get it anew"
            )
        yield from rows


def _approved(row: dict[str, str], up_votes: int, path: Path) -> bool:
    if not (row["up_votes"].isdigit() and row["down_votes"].isdigit()):
        raise UnusableError(
            f"{path}: the votes of {row['path']} are {row['up_votes']!r} and {row['down_votes']!r}: "
            "expected two numbers; mend the table or take the row out"
        )
    return int(row["up_votes"]) >= max(up_votes, int(row["down_votes"]) + 1)


def _recording(row: dict[str, str], own: dict[str, Split], table: Path) -> Recording:
    client, clip = row["client_id"], row["path"]
    return Recording(
        path=f"clips/{clip}" if "." in clip else f"clips/{clip}.mp3",  # the first releases leave it out
        kind="speech", corpus="common_voice", speaker=f"common_voice-{client}",
        gender=meaning(row["gender"], _GENDERS, f"{table}: the gender of {clip}"),
        age=meaning(row["age"], _AGES, f"{table}: the age of {clip}"),
        split=own.get(client) or split_of(client), use="train", licence="CC0 1.0", note="",
    )  # fmt: skip


def _present(recordings: list[Recording], root: Path) -> list[Recording]:
    """The recordings, all of them there."""
    if not recordings:
        raise UnusableError(
            f"no clips of women and men left of {root}: expected rows with a gender, enough votes, and in some split "
            "speakers of both; take a larger language, or do without balance"
        )
    missing = next((each.path for each in recordings if not (root / each.path).exists()), None)
    if missing:
        raise UnusableError(f"{root / missing} is in the table but not there: expected all clips; unpack them all")
    return recordings
