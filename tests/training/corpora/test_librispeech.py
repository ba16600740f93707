"""LibriSpeech."""

from collections.abc import Callable
from pathlib import Path

import pytest

from models import UnusableError
from training.corpora.librispeech import read_librispeech

TABLE = "; a comment\n14   | F | train-clean-360  | 25.03 | A | B\n60 | M | test-clean | 20.18 | C\n"
Touch = Callable[..., None]


def test_the_table_tells_gender_and_split(tmp_path: Path, touch: Touch) -> None:
    """Sex comes from the table, the split from the subset; a name may hold bars, and other folders are no subsets."""
    (tmp_path / "SPEAKERS.TXT").write_text(TABLE)
    touch(tmp_path, "train-clean-360/14/208/14-208-0000.flac", "test-clean/60/1/60-1-0000.flac", "notes/14/a.flac")
    sixty, fourteen = read_librispeech(tmp_path)
    assert (fourteen.speaker, fourteen.gender, fourteen.split) == ("librispeech-14", "female", "train")
    assert (sixty.speaker, sixty.gender, sixty.split) == ("librispeech-60", "male", "test")
    assert (fourteen.adult, fourteen.kind, fourteen.corpus) == (True, "speech", "librispeech")


def test_small_editions_are_read(tmp_path: Path, touch: Touch) -> None:
    """A subset cut down from another (train-clean-5) is in its split, though the table names the large one."""
    (tmp_path / "SPEAKERS.TXT").write_text(TABLE)
    touch(tmp_path, "train-clean-5/14/208/14-208-0000.flac")
    assert [recording.split for recording in read_librispeech(tmp_path)] == ["train"]


@pytest.mark.parametrize(
    ("table", "file", "said"),
    [
        (TABLE.replace("| F |", "| X |"), "train-clean-360/14/1/a.flac", "'X': expected one of F, M"),
        (TABLE.replace("train-clean", "tune-clean"), "dev-clean/14/1/a.flac", "'tune': expected one of train, dev"),
        (TABLE, "train-clean-360/15/1/a.flac", "'15' is no speaker"),
        (TABLE, "test-clean/14/1/a.flac", "speaker 14 is in test-clean, but SPEAKERS.TXT says train"),
        (TABLE, "train-clean-360/14/1/a.txt", "no audio"),
        ("14, F\n", "train-clean-360/14/1/a.flac", "expected ID | SEX | SUBSET"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path: Path, touch: Touch, table: str, file: str, said: str) -> None:
    """Unknown values and speakers, and speakers moved to another split, are refused with the value and what to do."""
    (tmp_path / "SPEAKERS.TXT").write_text(table)
    touch(tmp_path, file)
    with pytest.raises(UnusableError) as refused:
        read_librispeech(tmp_path)
    assert said in str(refused.value)
