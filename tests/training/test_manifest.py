"""The manifest's laws."""

from pathlib import Path

import pytest

from models import UnusableError
from training.corpora import Recording, read_manifest, recordings_for

HEADER = "path,kind,corpus,speaker,gender,age,language,split,use,licence,seconds,note\n"
GOOD = (
    "a.wav,speech,c,ann,female,adult,en,train,train,ours,2.0,\n"
    "b.wav,speech,c,bob,male,31,en,dev,train,ours,2.0,label doubtful: pitch disagrees\n"
    "c.wav,speech,c,cid,male,9,en,test,train,ours,2.0,\n"
    "d.wav,speech,c,dea,female,,en,test,evaluate only,ours,2.0,\n"
)


def _manifest(folder: Path, rows: str) -> list[Recording]:
    path = folder / "manifest.csv"
    path.write_text(HEADER + rows)
    return read_manifest(path)


def test_rows_become_recordings(tmp_path: Path) -> None:
    """Every row is one recording, with its age as a number where it is one."""
    ann, bob, cid, dea = _manifest(tmp_path, GOOD)
    assert (ann.age, ann.adult, ann.child) == (None, True, False)
    assert (bob.age, bob.adult, bob.doubtful) == (31, True, True)
    assert (cid.age, cid.adult, cid.child) == (9, False, True)
    assert (dea.evaluate_only, dea.adult) == (True, True)


def test_a_speaker_stays_in_one_split(tmp_path: Path) -> None:
    """A speaker who is in two splits is refused, by name."""
    with pytest.raises(UnusableError, match=r"ann .* train and test"):
        _manifest(tmp_path, GOOD + "e.wav,speech,c,ann,female,adult,en,test,train,ours,2.0,\n")


@pytest.mark.parametrize("split", ["train", "dev"])
def test_nothing_is_learnt_from_evaluate_only(tmp_path: Path, split: str) -> None:
    """A recording for evaluation only is refused wherever something would be learnt from it."""
    recordings = _manifest(tmp_path, GOOD + f"e.wav,speech,c,eve,female,adult,en,{split},evaluate only,ours,2.0,\n")
    with pytest.raises(UnusableError, match=r"e\.wav is `evaluate only`"):
        recordings_for(recordings, split, learn=True)  # type: ignore[arg-type]


def test_nothing_is_learnt_from_the_test_split(tmp_path: Path) -> None:
    """The test split is for measuring, whatever its rows allow."""
    recordings = _manifest(tmp_path, GOOD)
    with pytest.raises(UnusableError, match="test split"):
        recordings_for(recordings, "test", learn=True)
    assert [recording.speaker for recording in recordings_for(recordings, "test", learn=False)] == ["cid", "dea"]


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    """A split that is none of the three is refused with its row."""
    with pytest.raises(UnusableError, match="'validation'"):
        _manifest(tmp_path, "a.wav,speech,c,ann,female,adult,en,validation,train,ours,2.0,\n")


def test_the_shared_corpus_obeys() -> None:
    """The project's own manifest breaks no law, and learns from nothing that is for evaluation only."""
    path = Path(__file__).parents[3] / "shared" / "data" / "manifest.csv"
    if not path.exists():
        pytest.skip(f"no corpus at {path.parent}")
    recordings = read_manifest(path)
    learnt = [r for split in ("train", "dev") for r in recordings_for(recordings, split, learn=True)]  # type: ignore[arg-type]
    assert {r.corpus for r in learnt}.isdisjoint({"ravdess", "nemo"})
    assert not any("NC" in r.licence for r in learnt)
