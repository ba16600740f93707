"""A plain folder per class: female/ and male/, perhaps child/, noise/ and music/; or any two, which are two labels."""

import re
from collections.abc import Mapping
from pathlib import Path

from models import UnusableError
from training.corpora.manifest import Gender, Recording
from training.corpora.speakers import CLIPS_PER_SPEAKER, capped, files_below, split_of

CLASS = "class "  # begins the note that names a recording's class
LABELLED = "labelled"  # the kind of what belongs to one of two labels of the user's own
CHILD_AGE = 8  # years, of every voice in child/
_KNOWN: dict[str, tuple[str, Gender, int | None]] = {  # kind, gender and age
    "female": ("speech", "female", None),
    "male": ("speech", "male", None),
    "child": ("speech", "", CHILD_AGE),
    "vocal": ("vocal", "", None),
    "noise": ("noise", "", None),
    "music": ("music", "", None),
}


def read_folders(
    root: Path,
    *,
    classes: Mapping[str, str] | None = None,
    clips_per_speaker: int | None = CLIPS_PER_SPEAKER,
) -> list[Recording]:
    """The sounds below `root`, a folder a class; `classes` gives folders below `root` other names than their own.

    The speaker (or source) of a sound is the folder below its class, else its name before the first `_` or `-`;
    splits are drawn by it. Of noise and music nobody is the speaker, and nothing is capped. Each note is `class NAME`.
    Raises UnusableError for a class without sounds and for names that are neither known nor just two.
    """
    named = dict(classes) if classes else _named(root)
    _refuse_unclear(root, named)
    found = [each for name, folder in sorted(named.items()) for each in _class(root, name, folder)]
    return capped(found, clips_per_speaker)


def class_of(recording: Recording) -> str:
    """The class that a recording of read_folders is of."""
    return recording.note.removeprefix(CLASS)


def _named(root: Path) -> dict[str, str]:
    if not root.is_dir():
        raise UnusableError(f"{root} is no folder: expected one with a folder a class, such as female and male")
    return {each.name: each.name for each in root.iterdir() if each.is_dir() and not each.name.startswith(".")}


def _refuse_unclear(root: Path, named: Mapping[str, str]) -> None:
    known = {"female", "male"} <= named.keys() <= _KNOWN.keys()
    if not known and (len(named) != 2 or named.keys() & {"female", "male"}):
        raise UnusableError(
            f"{root} has the classes {', '.join(sorted(named)) or 'none'}: expected female and male "
            "(and perhaps child, vocal, noise, music), or just two others; rename the folders or take some out"
        )


def _class(root: Path, name: str, folder: str) -> list[Recording]:
    kind, gender, age = _KNOWN.get(name, (LABELLED, "", None))
    files = files_below(root / folder) if (root / folder).is_dir() else []
    if not files:
        raise UnusableError(f"no audio in {root / folder}: expected WAV, FLAC, Ogg, Opus or MP3; put some there")
    corpus = root.resolve().name
    return [
        Recording(
            path=(Path(folder) / file).as_posix(), kind=kind, corpus=corpus,
            speaker="" if kind in ("noise", "music") else f"{corpus}-{source}", gender=gender, age=age,
            split=split_of(source), use="train", licence="yours", note=CLASS + name,
        )
        for file, source in _sources(files, is_voice=kind == "speech").items()
    ]  # fmt: skip


def _sources(files: list[Path], *, is_voice: bool) -> dict[Path, str]:
    """Who or what each file is of. The beginning that all sounds of a class share tells nothing: then each is its own.

    Not so for voices: there it is the one speaker.
    """
    flat = {file: re.split("[_-]", file.stem)[0] for file in files if len(file.parts) == 1}
    if not is_voice and len(set(flat.values())) == 1:
        flat = {file: file.stem for file in flat}
    return {file: flat.get(file, file.parts[0]) for file in files}
