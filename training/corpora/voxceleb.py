"""VoxCeleb 1 and 2 as they are unpacked: vox1_meta.csv or vox2_meta.csv, and idXXXXX/VIDEO/00001.wav at any depth."""

import csv
from collections.abc import Iterable
from pathlib import Path

from models import UnusableError
from training.corpora.manifest import Gender, Recording, Split
from training.corpora.speakers import (
    AUDIO,
    CLIPS_PER_SPEAKER,
    HELD_OUT,
    capped,
    files_below,
    lot,
    meaning,
    read_table,
)

TABLES = {"vox1_meta.csv": "voxceleb1", "vox2_meta.csv": "voxceleb2"}
LICENCE = "lists CC BY 4.0; the speech is its speakers' and broadcasters'"
_CODED = ".m4a"  # what VoxCeleb2 comes in; soundfile does not read it
_GENDERS: dict[str, Gender] = {"f": "female", "m": "male"}
_SETS = {"dev": False, "test": True}  # held out or not


def read_voxceleb(root: Path, *, clips_per_speaker: int | None = CLIPS_PER_SPEAKER) -> list[Recording]:
    """The utterances below `root`, which holds one of the tables or both.

    The corpus' test speakers are the test split; of its dev speakers some, drawn by hash, are dev, the others train.
    Raises UnusableError where a table is missing, does not fit the folders, or the audio is still coded as AAC.
    """
    speakers = {who: known for name in TABLES for who, known in _speakers(root / name).items()}
    if not speakers:
        raise UnusableError(f"no speakers' table in {root}: expected {' or '.join(TABLES)}; put one there")
    files = {path: _speaker(path, speakers) for path in files_below(root, {*AUDIO, _CODED})}
    heard = {path: speaker for path, speaker in files.items() if path.suffix.lower() != _CODED}
    if coded := set(files.values()) - set(heard.values()):
        raise UnusableError(
            f"{root}: only {_CODED} of {len(coded)} speakers such as {min(coded)}: expected WAV or FLAC; "
            "convert them with ffmpeg as docs/corpora.md says"
        )
    if not heard:
        raise UnusableError(f"no audio of VoxCeleb in {root}: expected idXXXXX/VIDEO/00001.wav; unpack it there")
    return capped((_recording(path, speaker, *speakers[speaker]) for path, speaker in heard.items()), clips_per_speaker)


def _speakers(path: Path) -> dict[str, tuple[str, Gender, Split]]:
    """Corpus, gender and split of each speaker of a table, if it is there; separated by tabs or by commas."""
    if not path.exists():
        return {}
    lines = read_table(path, "VoxCeleb").splitlines()
    rows = _stripped(csv.reader(lines, delimiter="\t" if lines and "\t" in lines[0] else ","))
    header, *others = rows or [[]]
    if not {"Gender", "Set"} <= set(header):
        raise UnusableError(f"{path}: its columns are {header}: expected an ID, Gender and Set; get the table anew")
    speakers = {}
    for row in (dict(zip(header, fields, strict=False)) for fields in others):
        who = row[header[0]]
        gender = meaning(row.get("Gender", ""), _GENDERS, f"{path}: the gender of {who}")
        held_out = meaning(row.get("Set", ""), _SETS, f"{path}: the set of {who}")
        speakers[who] = TABLES[path.name], gender, _split(who, held_out)
    return speakers


def _stripped(rows: Iterable[list[str]]) -> list[list[str]]:
    return [[field.strip() for field in row] for row in rows if row]


def _split(who: str, held_out: bool) -> Split:
    return "test" if held_out else "dev" if lot(who) % 100 < HELD_OUT else "train"


def _speaker(path: Path, speakers: Iterable[str]) -> str:
    """The folder of the path that is a speaker of a table."""
    for part in path.parts[:-1]:
        if part in speakers:
            return part
    raise UnusableError(
        f"{path}: none of its folders is a speaker of {' or '.join(TABLES)}: expected idXXXXX/VIDEO/00001.wav; "
        "add the table that has the speaker, or take the file out"
    )


def _recording(path: Path, who: str, corpus: str, gender: Gender, split: Split) -> Recording:
    return Recording(
        path=path.as_posix(), kind="speech", corpus=corpus, speaker=f"voxceleb-{who}", gender=gender,
        age=None, split=split, use="train", licence=LICENCE, note="",
    )  # fmt: skip
