"""Telling which corpus a folder holds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from models import UnusableError
from training.corpora.discover import learnable, read_corpus

MANIFEST = "path,kind,corpus,speaker,gender,age,language,split,use,licence,seconds,note\n"
NAMES = ["librispeech", "common_voice", "voxceleb", "audio_mnist", "folders"]
Make = Callable[[str], Path]


@pytest.mark.parametrize("name", NAMES)
def test_a_corpus_is_known_by_its_table(make: Make, name: str) -> None:
    """Each corpus is read as what it is, from its root alone."""
    assert {each.corpus.rstrip("12") for each in read_corpus(make(name))} == {name}


def test_the_test_split_is_not_learnt_from(make: Make) -> None:
    """Of any corpus train and dev may be learnt from, and nothing else."""
    root = make("librispeech")
    assert {each.split for each in learnable(root, "train") + learnable(root, "dev")} == {"train", "dev"}
    with pytest.raises(UnusableError, match="test split"):
        learnable(root, "test")


def test_a_manifest_comes_first(make: Make) -> None:
    """Who writes a manifest beside a corpus wants it read."""
    root = make("librispeech")
    (root / "manifest.csv").write_text(MANIFEST + "a.wav,speech,mine,ann,female,adult,en,train,train,ours,2.0,\n")
    assert [each.corpus for each in read_corpus(root)] == ["mine"]


def test_corpora_side_by_side_are_read_together(make: Make, tmp_path: Path) -> None:
    """A folder of corpora is all of them, with paths from that folder; its other folders are let be."""
    for name in ("librispeech", "audio_mnist", "folders"):
        make(name)
    found = read_corpus(tmp_path)
    assert {(each.corpus, each.path.partition("/")[0]) for each in found} == {
        ("librispeech", "librispeech"), ("audio_mnist", "audio_mnist"),
    }  # fmt: skip
    assert all((tmp_path / each.path).is_file() for each in found)


def test_speakers_are_not_mixed_across_corpora(make: Make, tmp_path: Path) -> None:
    """A speaker whom a manifest puts into another split than the corpus does is refused, by name."""
    make("librispeech")
    (tmp_path / "manifest").mkdir()
    row = "a.wav,speech,librispeech,librispeech-0,female,adult,en,test,train,ours,2.0,\n"
    (tmp_path / "manifest" / "manifest.csv").write_text(MANIFEST + row)
    with pytest.raises(UnusableError, match=r"speaker librispeech-0 is in the splits train and test"):
        read_corpus(tmp_path)


def test_a_folder_of_nothing_is_refused(tmp_path: Path) -> None:
    """What is no corpus at all is refused by its path."""
    with pytest.raises(UnusableError, match="is no folder"):
        read_corpus(tmp_path / "nowhere")
