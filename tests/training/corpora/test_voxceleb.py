"""VoxCeleb."""

from collections.abc import Callable
from pathlib import Path

import pytest

from models import UnusableError
from training.corpora.voxceleb import read_voxceleb

ONE = "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\nid10001\tA_B\tm\tIreland\tdev\nid10270\tC_D\tf\tUSA\ttest\n"
TWO = "VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \nid00012 ,n000012 ,f ,test \n"
Touch = Callable[..., None]


def test_both_lists_are_read(tmp_path: Path, touch: Touch) -> None:
    """Tabs or commas, with or without spaces: each speaker has gender, corpus and split, wherever the folder lies."""
    (tmp_path / "vox1_meta.csv").write_text(ONE)
    (tmp_path / "vox2_meta.csv").write_text(TWO)
    touch(tmp_path, "wav/id10001/abc/00001.wav", "vox1/test/wav/id10270/abc/00001.wav", "test/id00012/x/00001.flac")
    found = {each.speaker: (each.corpus, each.gender, each.split) for each in read_voxceleb(tmp_path)}
    assert found["voxceleb-id10270"] == ("voxceleb1", "female", "test")
    assert found["voxceleb-id00012"] == ("voxceleb2", "female", "test")
    assert found["voxceleb-id10001"][:2] == ("voxceleb1", "male")


def test_dev_speakers_are_learnt_from_and_test_speakers_held_out(make: Callable[[str], Path]) -> None:
    """The corpus' test speakers are our test split; its dev speakers are our train and dev splits."""
    splits = {each.speaker: each.split for each in read_voxceleb(make("voxceleb"))}
    assert all((split == "test") == (int(speaker[-4:]) % 5 == 0) for speaker, split in splits.items())


def test_coded_audio_is_to_be_converted_first(tmp_path: Path, touch: Touch) -> None:
    """A speaker with nothing but AAC is not lost in silence; once converted, the AAC may stay."""
    (tmp_path / "vox2_meta.csv").write_text(TWO)
    touch(tmp_path, "aac/id00012/x/00001.m4a")
    with pytest.raises(UnusableError, match=r"only \.m4a of 1 speakers such as id00012.*ffmpeg"):
        read_voxceleb(tmp_path)
    touch(tmp_path, "wav/id00012/x/00001.wav")
    assert [each.path for each in read_voxceleb(tmp_path)] == ["wav/id00012/x/00001.wav"]


@pytest.mark.parametrize(
    ("table", "file", "said"),
    [
        (ONE.replace("\tm\t", "\tx\t"), "wav/id10001/a/1.wav", "the gender of id10001 is 'x': expected one of f, m"),
        (ONE.replace("\tdev", "\teval"), "wav/id10001/a/1.wav", "the set of id10001 is 'eval': expected one of dev"),
        (ONE, "wav/id10002/a/1.wav", "none of its folders is a speaker"),
        (ONE, "wav/id10001/a/1.txt", "no audio"),
        ("id10001 m\n", "wav/id10001/a/1.wav", "its columns are"),
        ("", "wav/id10001/a/1.wav", "its columns are"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path: Path, touch: Touch, table: str, file: str, said: str) -> None:
    """Unknown values, columns and speakers are refused with the value and what was expected."""
    (tmp_path / "vox1_meta.csv").write_text(table)
    touch(tmp_path, file)
    with pytest.raises(UnusableError) as refused:
        read_voxceleb(tmp_path)
    assert said in str(refused.value)
