"""A plain folder per class."""

from collections.abc import Callable
from pathlib import Path

import pytest

from models import UnusableError
from training.corpora.folders import class_of, read_folders
from training.corpora.speakers import split_of

Touch = Callable[..., None]


def test_known_folders_say_what_is_in_them(tmp_path: Path, touch: Touch) -> None:
    """Only female and male are genders; a child's voice is a child's; noise and music are nobody's."""
    touch(
        tmp_path, "female/ann_1.wav", "male/bob-1.wav", "child/cid/1.wav", "noise/fan.wav", "music/a.mp3", "vocal/x.wav"
    )
    found = {class_of(each): each for each in read_folders(tmp_path)}
    assert {name: (each.kind, each.gender) for name, each in found.items()} == {
        "female": ("speech", "female"), "male": ("speech", "male"), "child": ("speech", ""),
        "noise": ("noise", ""), "music": ("music", ""), "vocal": ("vocal", ""),
    }  # fmt: skip
    assert {name for name, each in found.items() if each.adult} == {"female", "male"}
    assert {name for name, each in found.items() if each.child} == {"child"}
    assert found["noise"].speaker == found["music"].speaker == ""


def test_the_speaker_is_the_folder_or_the_first_part_of_the_name(tmp_path: Path, touch: Touch) -> None:
    """A sub-folder names its speaker, at any depth below it; else the name up to `_` or `-` does."""
    touch(
        tmp_path,
        "female/ann/x_1.wav",
        "female/ann/day-2/y_1.wav",
        "female/eve_1.wav",
        "female/eve-2.wav",
        "male/bob.wav",
    )
    speakers = {each.path: each.speaker.removeprefix(f"{tmp_path.name}-") for each in read_folders(tmp_path)}
    assert speakers == {
        "female/ann/x_1.wav": "ann", "female/ann/day-2/y_1.wav": "ann", "female/eve_1.wav": "eve",
        "female/eve-2.wav": "eve", "male/bob.wav": "bob",
    }  # fmt: skip


def test_one_speaker_in_two_classes_is_in_one_split(tmp_path: Path, touch: Touch) -> None:
    """Who is heard in both classes is in the same split in both."""
    touch(tmp_path, *(f"{label}/{who}/1.wav" for label in ("calm", "angry") for who in range(30)))
    splits = {(each.speaker, each.split) for each in read_folders(tmp_path)}
    assert len(splits) == 30
    assert {split for _, split in splits} == {"train", "dev", "test"}


def test_any_two_folders_are_two_labels(tmp_path: Path, touch: Touch) -> None:
    """Two folders of other names are two labels, never a gender and never taken for voices."""
    touch(tmp_path, "siren/a_1.wav", "other/b_1.wav")
    found = {class_of(each): each for each in read_folders(tmp_path)}
    assert set(found) == {"siren", "other"}
    assert {(each.kind, each.gender) for each in found.values()} == {("labelled", "")}


def test_classes_may_be_named_by_the_caller(tmp_path: Path, touch: Touch) -> None:
    """Folders anywhere below the root get the labels they are given; other folders are let be."""
    touch(tmp_path, "sounds/A/a_1.wav", "sounds/B/b_1.wav", "sounds/C/c_1.wav")
    found = read_folders(tmp_path, classes={"siren": "sounds/A", "other": "sounds/B"})
    assert {class_of(each): each.path for each in found} == {"siren": "sounds/A/a_1.wav", "other": "sounds/B/b_1.wav"}


def test_a_beginning_that_all_sounds_share_is_no_source(tmp_path: Path, touch: Touch) -> None:
    """Sounds called dog-1, dog-2, … are in all splits; a voice called ann-1, ann-2, … stays one speaker."""
    touch(tmp_path, *(f"{name}/{name}-{number}.wav" for name in ("dog", "rain") for number in range(60)))
    assert {(class_of(each), each.split) for each in read_folders(tmp_path)} == {
        (name, split) for name in ("dog", "rain") for split in ("train", "dev", "test")
    }
    voices = tmp_path / "voices"
    touch(voices, *(f"female/ann-{number}.wav" for number in range(60)), "male/bob.wav")
    women = [each for each in read_folders(voices, clips_per_speaker=None) if each.gender == "female"]
    assert {each.split for each in women} == {split_of("ann")}
    assert len(women) == 60


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["female/a.wav"], "has the classes female: expected female and male"),
        (["female/a.wav", "siren/a.wav"], "has the classes female, siren"),
        (["female/a.wav", "male/b.wav", "siren/a.wav"], "has the classes female, male, siren"),
        (["a/a.wav", "b/b.wav", "c/c.wav"], "has the classes a, b, c"),
        (["a/a.wav", "b/b.txt"], "no audio in"),
        (["a.wav"], "has the classes none"),
    ],
)
def test_unclear_folders_are_refused(tmp_path: Path, touch: Touch, files: list[str], said: str) -> None:
    """Names that are neither known nor just two, and empty classes, are refused with what was expected."""
    touch(tmp_path, *files)
    with pytest.raises(UnusableError) as refused:
        read_folders(tmp_path)
    assert said in str(refused.value)


def test_what_is_no_folder_is_refused(tmp_path: Path, touch: Touch) -> None:
    """A file, or nothing, is refused by its path."""
    touch(tmp_path, "a.wav")
    for path in (tmp_path / "a.wav", tmp_path / "b"):
        with pytest.raises(UnusableError, match="is no folder"):
            read_folders(path)
