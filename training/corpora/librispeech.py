"""LibriSpeech as it is unpacked: SPEAKERS.TXT and train-clean-100/14/208/14-208-0000.flac and the like."""

from pathlib import Path

from models import UnusableError
from training.corpora.manifest import Gender, Recording, Split
from training.corpora.speakers import CLIPS_PER_SPEAKER, capped, files_below, meaning, read_table

TABLE = "SPEAKERS.TXT"
_SEX: dict[str, Gender] = {"F": "female", "M": "male"}
_SPLITS: dict[str, Split] = {"train": "train", "dev": "dev", "test": "test"}  # a subset's name up to its first hyphen


def read_librispeech(root: Path, *, clips_per_speaker: int | None = CLIPS_PER_SPEAKER) -> list[Recording]:
    """The utterances in the subsets that lie in `root`, which holds SPEAKERS.TXT; splits are the corpus' own.

    Raises UnusableError where the table is missing or does not fit the folders.
    """
    speakers = _speakers(root)
    subsets = sorted(folder.name for folder in root.iterdir() if folder.is_dir() and _split(folder.name))
    found = [_recording(Path(name) / path, speakers) for name in subsets for path in files_below(root / name)]
    if not found:
        raise UnusableError(
            f"no audio of LibriSpeech in {root}: expected folders such as train-clean-100/14/208 beside {TABLE}; "
            "unpack a subset there"
        )
    return capped(found, clips_per_speaker)


def _split(subset: str) -> Split | None:
    return _SPLITS.get(subset.partition("-")[0]) if "-" in subset else None


def _speakers(root: Path) -> dict[str, tuple[Gender, Split]]:
    """Gender and split of each reader by the table: `14 | F | train-clean-360 | 25.03 | Kristin LeMoine`."""
    path, speakers = root / TABLE, {}
    for line in read_table(path, "LibriSpeech").splitlines():
        if line.strip() and not line.startswith(";"):
            fields = [field.strip() for field in line.split("|")]
            if len(fields) < 3:
                raise UnusableError(f"{path}: {line!r}: expected ID | SEX | SUBSET | MINUTES | NAME; mend the line")
            speaker, sex, subset = fields[:3]
            split = meaning(subset.partition("-")[0], _SPLITS, f"{path}: the subset of speaker {speaker}, {subset!r},")
            speakers[speaker] = meaning(sex, _SEX, f"{path}: the sex of speaker {speaker}"), split
    return speakers


def _recording(path: Path, speakers: dict[str, tuple[Gender, Split]]) -> Recording:
    subset, speaker = path.parts[:2]
    if speaker not in speakers:
        raise UnusableError(f"{path}: {speaker!r} is no speaker of {TABLE}: expected SUBSET/SPEAKER/CHAPTER/FILE.flac")
    gender, split = speakers[speaker]
    if split != _split(subset):
        raise UnusableError(f"{path}: speaker {speaker} is in {subset}, but {TABLE} says {split}; move the folder back")
    return Recording(
        path=path.as_posix(), kind="speech", corpus="librispeech", speaker=f"librispeech-{speaker}", gender=gender,
        age=None, split=split, use="train", licence="CC BY 4.0", note="",
    )  # fmt: skip
