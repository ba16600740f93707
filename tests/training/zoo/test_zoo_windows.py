"""Windows: where they are cut, how they are balanced and split, and what is never among them."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models import UnusableError
from training.audio import RATE, WINDOW, read_audio
from training.zoo.sets import CORPUS, RANDOM, SPEAKERS, read_sets, split, tiny
from training.zoo.synthesised import buzz, synthesised_sets
from training.zoo.windows import Windows, balanced, cut_windows, stratified

FIELDS = (
    "path", "kind", "corpus", "speaker", "gender", "age", "language", "split", "use", "licence", "seconds", "note",
)  # fmt: skip


def _rows(windows: Windows) -> set[bytes]:
    return {window.tobytes() for window in windows.samples}


def test_windows_are_a_second_apart() -> None:
    """Without a gate a window starts each second, as long as it is whole."""
    samples = np.arange(5 * RATE - 320).astype(np.int16)
    assert [window.tobytes() for window in cut_windows(samples, gate=False)] == [
        samples[start : start + WINDOW].tobytes() for start in (0, RATE, 2 * RATE)
    ]


def test_what_is_short_is_padded_and_what_is_silent_left_out() -> None:
    """A short sound is one window with zeros behind it; of silence there is none, and behind the gate none of noise."""
    sound = buzz("male", np.random.default_rng(0), 1000)
    (window,) = cut_windows(sound, gate=False)
    assert np.array_equal(window[:1000], sound)
    assert not window[1000:].any()
    assert cut_windows(np.zeros(3 * RATE, np.int16), gate=False).shape == (0, WINDOW)
    assert cut_windows(np.zeros(3 * RATE, np.int16), gate=True).shape == (0, WINDOW)


def test_either_label_has_as_many_windows(buzzes: Windows) -> None:
    """Balanced windows are half of either label, `most` at most, each one of the given and none twice."""
    lopsided = buzzes.take(np.flatnonzero((buzzes.target == 1) | (np.arange(40) < 20)))
    for most, number in ((1000, 20), (9, 8)):
        found = balanced(lopsided, most, np.random.default_rng(0), "here")
        assert (len(found), int(found.target.sum())) == (number, number // 2)
        assert len(_rows(found)) == number
        assert _rows(found) <= _rows(lopsided)


def test_a_missing_label_is_refused(buzzes: Windows) -> None:
    """Windows of one label alone cannot be balanced; the message counts both."""
    with pytest.raises(UnusableError, match="here: 0 windows of the first label and 20 of the second"):
        balanced(buzzes.take(np.flatnonzero(buzzes.target == 0)), 10, np.random.default_rng(0), "here")


def test_a_split_parts_each_label_alike(buzzes: Windows) -> None:
    """The two parts share no window, lose none, and hold the same share of either label."""
    rest, held = stratified(buzzes, 0.2, np.random.default_rng(0))
    assert (len(held), int(held.target.sum())) == (8, 4)
    assert (len(rest), int(rest.target.sum())) == (32, 16)
    assert not _rows(rest) & _rows(held)
    assert _rows(rest) | _rows(held) == _rows(buzzes)


def test_the_windows_to_learn_from_are_in_no_other_set(buzzes: Windows) -> None:
    """Training, validation and random split are disjoint; a tiny choice of them stays so."""
    sets = split(("a", "b"), buzzes, {SPEAKERS: buzzes, CORPUS: buzzes}, np.random.default_rng(0))
    for each in (sets, tiny(sets, 4)):
        parts = [_rows(windows) for windows in (each.train, each.validation, each.tests[RANDOM])]
        assert sum(map(len, parts)) == len(set.union(*parts))


@pytest.mark.parametrize("task", ["gender", "voice"])
def test_synthesised_sets_have_both_labels(task: str) -> None:
    """Without a corpus, too, every set is half of either label."""
    sets = synthesised_sets(task)
    for windows in (sets.train, sets.validation, *sets.tests.values()):
        assert windows.target.mean() == 0.5


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A manifest of voices and sounds of the corpora that the zoo knows and others, some for evaluation only."""
    rng, rows = np.random.default_rng(0), []

    def add(kind: str, name: str, split: str, gender: str = "", use: str = "train", age: str = "adult") -> None:
        path = f"{len(rows)}.wav"
        soundfile.write(tmp_path / path, buzz(gender or "noise", rng, 3 * RATE), RATE)
        speaker = f"{name}-{len(rows)}" if kind == "speech" else ""
        values = (path, kind, name, speaker, gender, age, "en", split, use, "ours", "3", "")
        rows.append(dict(zip(FIELDS, values, strict=True)))

    for part in ("train", "dev", "test"):
        add("noise", "esc10", part)
        for gender in ("female", "male"):
            for name in ("librispeech", "speechocean762"):
                for _ in range(4):
                    add("speech", name, part, gender)
    for gender in ("female", "male"):
        add("speech", "nemo", "test", gender, use="evaluate only")
        add("speech", "speechocean762", "test", gender, age="9")
    add("music", "elsewhere", "train")
    add("music", "elsewhere", "test", use="evaluate only")
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path


def _of(corpus: Path, windows: Windows) -> set[tuple[str, str, str, str]]:
    """Corpus, split, use and age of the recordings that the windows are from; synthesised ones left out."""
    with (corpus / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    starts = {window.tobytes(): row for row in rows
              for window in cut_windows(read_audio(corpus / row["path"]), gate=False)}  # fmt: skip
    found = [starts.get(window.tobytes()) for window in windows.samples]
    return {(row["corpus"], row["split"], row["use"], row["age"]) for row in found if row}


@pytest.mark.parametrize("task", ["gender", "voice"])
def test_each_set_is_of_its_own_speakers_and_nothing_is_for_evaluation_only(corpus: Path, task: str) -> None:
    """One corpus' train split is learnt from, its others are unheard speakers, other corpora's grown voices unheard."""
    sets = read_sets(task, corpus)
    for windows in (sets.train, sets.validation, sets.tests[RANDOM]):
        assert {each[:2] for each in _of(corpus, windows)} <= {("librispeech", "train"), ("esc10", "train")}
    assert {each[0] for each in _of(corpus, sets.tests[SPEAKERS])} <= {"librispeech", "esc10"}
    assert {each[1] for each in _of(corpus, sets.tests[SPEAKERS])} == {"dev", "test"}
    unheard = _of(corpus, sets.tests[CORPUS])
    assert {each[0] for each in unheard} == {"speechocean762"} | ({"elsewhere"} if task == "voice" else set())
    assert all(each[1] == "test" for each in unheard if each[0] == "speechocean762")
    everything = set.union(*(_of(corpus, windows) for windows in (sets.train, sets.validation, *sets.tests.values())))
    assert {each[2] for each in everything} == {"train"}
    assert {each[3] for each in everything} == {"adult"}
