"""Laws of every reader of a corpus."""

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from models import UnusableError
from training.corpora import Recording
from training.corpora.speakers import split_of

Corpus = Callable[..., list[Recording]]


def test_a_speaker_is_in_one_split(corpus: Corpus) -> None:
    """No speaker is in two splits, and no split is empty."""
    splits = defaultdict(set)
    for recording in corpus():
        splits[recording.speaker or recording.path].add(recording.split)
    assert all(len(each) == 1 for each in splits.values())
    assert set.union(*splits.values()) == {"train", "dev", "test"}


def test_a_speaker_has_one_gender(corpus: Corpus) -> None:
    """Grown speakers are female or male, each only one of them, and both are there."""
    genders = defaultdict(set)
    for recording in corpus():
        if recording.adult:
            genders[recording.speaker].add(recording.gender)
    assert set(map(frozenset, genders.values())) == {frozenset({"female"}), frozenset({"male"})}


def test_no_speaker_has_more_clips_than_the_cap(corpus: Corpus) -> None:
    """A cap holds for every speaker, loses no speaker, and keeps all it may; without one everything is there."""
    everything = Counter(recording.speaker for recording in corpus(clips_per_speaker=None) if recording.speaker)
    held = Counter(recording.speaker for recording in corpus(clips_per_speaker=3) if recording.speaker)
    assert set(everything.values()) == {5}
    assert held == dict.fromkeys(everything, 3)


def test_the_cap_does_not_take_the_first_clips(corpus: Corpus) -> None:
    """Clips are drawn over all of a speaker's, not taken from the beginning."""
    everything, held = corpus(clips_per_speaker=None), {recording.path for recording in corpus(clips_per_speaker=1)}
    first: dict[str, str] = {}
    for recording in everything:
        first.setdefault(recording.speaker, recording.path)
    assert not set(first.values()) - {first.get("")} <= held


def test_order_does_not_depend_on_the_file_system(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are listed the other way round give the same recordings in the same order."""
    before = corpus(clips_per_speaker=3)
    for name in ("rglob", "iterdir", "glob"):
        listed = getattr(Path, name)
        monkeypatch.setattr(Path, name, lambda *given, listed=listed: reversed(list(listed(*given))))
    assert corpus(clips_per_speaker=3) == before
    assert [recording.path for recording in before] == sorted(recording.path for recording in before)


def test_paths_are_relative_and_there(corpus: Corpus, tmp_path: Path) -> None:
    """Every path is a file below the root, listed once; none of them is decoded, for they are all empty."""
    recordings = corpus()
    root = next(tmp_path.iterdir())
    assert all((root / recording.path).is_file() for recording in recordings)
    assert len({recording.path for recording in recordings}) == len(recordings)


def test_everything_may_be_learnt_from(corpus: Corpus) -> None:
    """Every recording names its corpus and licence, and is for training."""
    assert all(recording.corpus and recording.licence and recording.use == "train" for recording in corpus())


def test_a_missing_table_is_one_clear_error(empty: Corpus, tmp_path: Path) -> None:
    """An empty folder is refused in one line that names it and what was expected."""
    with pytest.raises(UnusableError) as refused:
        empty()
    said = str(refused.value)
    assert str(tmp_path) in said
    assert "expected" in said
    assert "\n" not in said


def test_splits_are_the_same_for_ever() -> None:
    """A speaker's split is a property of the name: 80, 10 and 10 per cent, and never drawn anew."""
    drawn = Counter(split_of(f"speaker {number}") for number in range(10000))
    assert (drawn["dev"], drawn["test"]) == (pytest.approx(1000, abs=100), pytest.approx(1000, abs=100))
    assert [split_of(name) for name in ("ann", "1", "2", "4")] == ["train", "dev", "test", "test"]
