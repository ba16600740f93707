"""Self-training: nothing that is for evaluation gets in, and nothing that the teacher is not sure of."""

from pathlib import Path

import pytest

pytest.importorskip("soxr")
pytest.importorskip("ai_edge_litert")
pytest.importorskip("webrtcvad")

from models import UnusableError  # after the skips
from training.corpora import Recording
from training.examples import targets
from training.self_labelled import AGREED, CORPUS, SURE, decided, labelled, unlabelled

HEADER = "path,kind,corpus,speaker,gender,age,language,split,use,licence,seconds,note\n"
NOTHING = float("nan")


def _data(folder: Path, *rows: tuple[str, str, str, str]) -> Path:
    """A manifest of (path, kind, split, use)."""
    lines = [f"{path},{kind},c,,,,en,{split},{use},ours,1,\n" for path, kind, split, use in rows]
    (folder / "manifest.csv").write_text(HEADER + "".join(lines))
    return folder


def test_only_unlabelled_recordings_of_the_train_split_are_labelled(tmp_path: Path) -> None:
    """Neither dev nor test recordings get in, nor labelled speech."""
    data = _data(
        tmp_path, ("a", "unlabelled", "train", "train"), ("b", "unlabelled", "test", "train"),
        ("c", "unlabelled", "dev", "train"), ("d", "speech", "train", "train"),
        ("e", "unlabelled", "test", "evaluate only"), ("f", "speech", "test", "evaluate only"),
    )  # fmt: skip
    assert [recording.path for recording in unlabelled(data)] == ["a"]


def test_what_is_for_evaluation_only_is_refused(tmp_path: Path) -> None:
    """An evaluate-only recording that stands in the train split stops preparation."""
    data = _data(tmp_path, ("a", "unlabelled", "train", "train"), ("b", "unlabelled", "train", "evaluate only"))
    with pytest.raises(UnusableError, match="evaluate only"):
        unlabelled(data)


@pytest.mark.parametrize(
    ("log_odds", "wanted"),
    [
        ([SURE + 1] * 4, "female"),
        ([-SURE - 1] * 4, "male"),
        ([-SURE - 1, NOTHING, -SURE, NOTHING], "male"),  # a disturbed version did not pass the gate
        ([NOTHING, SURE + 1, SURE + 1, SURE + 1], ""),  # the recording itself did not
        ([SURE + 1, NOTHING, NOTHING, NOTHING], ""),  # nothing to agree with
        ([SURE - 0.1] * 4, ""),
        ([2 * SURE, 2 * SURE, 2 * SURE, AGREED - 0.1], ""),
        ([2 * SURE, 2 * SURE, 2 * SURE, -1.0], ""),
    ],
)
def test_a_label_is_taken_when_all_versions_agree(log_odds: list[float], wanted: str) -> None:
    """Sure on average, and no disturbance turns it over."""
    assert decided(log_odds) == wanted


def test_a_self_labelled_recording_is_marked_as_such() -> None:
    """It is a grown voice of a speaker of its own, and says whose label it has."""
    row = Recording("x.opus", "unlabelled", "c", "", "", None, "train", "train", "ours", "")
    made = labelled(row, "female", "voice-1@abc")
    assert targets(made) == (1, 1, 1)
    assert (made.corpus, made.speaker, made.note) == (CORPUS, "x.opus", "self-labelled by voice-1@abc")
