"""AudioMNIST as it is cloned: data/audioMNIST_meta.txt (JSON) and data/01/0_01_0.wav: spoken digits of 0.6 s."""

from pathlib import Path

import msgspec

from models import UnusableError
from training.corpora.manifest import Gender, Recording
from training.corpora.speakers import CLIPS_PER_SPEAKER, capped, files_below, meaning, read_table, split_of

TABLE = "data/audioMNIST_meta.txt"
_GENDERS: dict[str, Gender] = {"female": "female", "male": "male"}
_OLDEST = 120  # years; the table has one speaker of 1234


class _Speaker(msgspec.Struct):
    gender: str
    age: int | str


def read_audio_mnist(root: Path, *, clips_per_speaker: int | None = CLIPS_PER_SPEAKER) -> list[Recording]:
    """The digits in `root`, which holds data/; splits are drawn by speaker.

    Raises UnusableError where the table is missing or does not fit the folders.
    """
    path = root / TABLE
    try:
        table = msgspec.json.decode(read_table(path, "AudioMNIST"), type=dict[str, _Speaker])
    except msgspec.DecodeError as error:
        raise UnusableError(
            f"{path}: {error}; expected a JSON object with gender and age of each speaker; get it anew"
        ) from error
    found = [_recording(Path("data") / file, table, path) for file in files_below(root / "data", [".wav"])]
    if not found:
        raise UnusableError(f"no audio of AudioMNIST in {root}: expected data/01/0_01_0.wav and the like; get it anew")
    return capped(found, clips_per_speaker)


def _recording(file: Path, table: dict[str, _Speaker], path: Path) -> Recording:
    number = file.parts[1]
    if number not in table:
        raise UnusableError(f"{file}: {number!r} is no speaker of {path}: expected data/SPEAKER/FILE.wav; get it anew")
    speaker, age = f"audio_mnist-{number}", str(table[number].age)
    return Recording(
        path=file.as_posix(), kind="speech", corpus="audio_mnist", speaker=speaker,
        gender=meaning(table[number].gender, _GENDERS, f"{path}: the gender of speaker {number}"),
        age=int(age) if age.isdigit() and int(age) <= _OLDEST else None,
        split=split_of(speaker), use="train", licence="MIT", note="",
    )  # fmt: skip
