"""Common Voice."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models import UnusableError
from training.corpora.common_voice import read_common_voice
from training.corpora.speakers import split_of

Rows = Callable[..., None]


def _row(client: str, clip: str = "1", **more: Any) -> dict[str, str]:
    return {"client_id": client, "path": f"{client}_{clip}.mp3", "gender": "female", **more}


@pytest.mark.parametrize(
    ("value", "gender"),
    [("female", "female"), ("male", "male"), ("female_feminine", "female"), ("male_masculine", "male")],
)
def test_old_and_new_releases_say_gender_in_their_way(tmp_path: Path, rows: Rows, value: str, gender: str) -> None:
    """Both vocabularies are understood."""
    rows(tmp_path / "validated.tsv", _row("ann", gender=value))
    assert [each.gender for each in read_common_voice(tmp_path, balance=False)] == [gender]


@pytest.mark.parametrize(
    "value", ["", "other", "transgender", "non-binary", "intersex", "do_not_wish_to_say"]
)  # fmt: skip
def test_nobody_is_made_a_woman_or_a_man(tmp_path: Path, rows: Rows, value: str) -> None:
    """Who gives another answer, or none, is left out, and so is one who at other times gave one of the two."""
    mixed = [_row("cid", "1")] + ([_row("cid", "2", gender=value)] if value else [])
    rows(tmp_path / "validated.tsv", _row("ann"), _row("bob", gender=value), *(mixed if value else []),
         _row("eve", "1"), _row("eve", "2", gender="male"))  # fmt: skip
    assert {each.speaker for each in read_common_voice(tmp_path, balance=False)} == {"common_voice-ann"}


def test_an_unanswered_clip_is_left_out_alone(tmp_path: Path, rows: Rows) -> None:
    """A clip from before its speaker gave a gender has none; the speaker's other clips stay."""
    rows(tmp_path / "validated.tsv", _row("ann", "1", gender=""), _row("ann", "2"))
    assert [each.path for each in read_common_voice(tmp_path, balance=False)] == ["clips/ann_2.mp3"]


def test_teens_are_neither_children_nor_grown(tmp_path: Path, rows: Rows) -> None:
    """Decades become ages: teens are between child and grown, the others grown, no answer unknown."""
    ages = {"teens": 16, "twenties": 25, "fourties": 45, "nineties": 95, "": None}
    rows(tmp_path / "validated.tsv", *(_row(f"speaker-{age}", age=age) for age in ages))
    found = {each.speaker.rpartition("-")[2]: each for each in read_common_voice(tmp_path, balance=False)}
    assert {age: each.age for age, each in found.items()} == ages
    assert [age for age, each in found.items() if not each.adult] == ["teens"]
    assert not any(each.child for each in found.values())


@pytest.mark.parametrize(
    ("up", "down", "kept"), [(2, 0, True), (2, 1, True), (1, 0, False), (2, 2, False), (3, 4, False)]
)
def test_listeners_must_have_approved(tmp_path: Path, rows: Rows, up: int, down: int, kept: bool) -> None:
    """A clip needs two up-votes, and more of them than down-votes."""
    rows(tmp_path / "validated.tsv", _row("ann"), _row("bob", up_votes=str(up), down_votes=str(down)))
    assert ("common_voice-bob" in {each.speaker for each in read_common_voice(tmp_path, balance=False)}) == kept


def test_splits_are_the_corpus_own(tmp_path: Path, rows: Rows) -> None:
    """A listed speaker is in the table's split with all clips, in test before dev before train; others are drawn."""
    rows(tmp_path / "train.tsv", _row("ann"), _row("bob"), _row("cid"))
    rows(tmp_path / "dev.tsv", _row("bob", "2"), _row("cid", "2"))
    rows(tmp_path / "test.tsv", _row("cid", "3"))
    rows(tmp_path / "validated.tsv", _row("ann", "9"), _row("bob"), _row("cid"), _row("dea"))
    found = {
        (each.speaker.removeprefix("common_voice-"), each.split) for each in read_common_voice(tmp_path, balance=False)
    }
    assert found == {("ann", "train"), ("bob", "dev"), ("cid", "test"), ("dea", split_of("dea"))}


def test_the_splits_alone_will_do(tmp_path: Path, rows: Rows) -> None:
    """Without validated.tsv the tables of the splits are read."""
    rows(tmp_path / "train.tsv", _row("ann"), _row("bob", gender="male"))
    rows(tmp_path / "test.tsv", _row("cid"), _row("dan", gender="male"))
    assert Counter(each.split for each in read_common_voice(tmp_path)) == {"train": 2, "test": 2}


def test_there_are_as_many_women_as_men(tmp_path: Path, rows: Rows) -> None:
    """In each split the grown speakers are balanced, and so are the teens by themselves."""
    rows(tmp_path / "train.tsv", *(_row(f"f{n}") for n in range(3)), *(_row(f"m{n}", gender="male") for n in range(9)),
         *(_row(f"t{n}", gender="male", age="teens") for n in range(4)), _row("tf", age="teens"))  # fmt: skip
    rows(tmp_path / "test.tsv", *(_row(f"g{n}") for n in range(5)), _row("n0", gender="male"))
    speakers = {(each.split, each.age, each.gender, each.speaker) for each in read_common_voice(tmp_path)}
    assert Counter(each[:3] for each in speakers) == {
        ("train", None, "female"): 3, ("train", None, "male"): 3,
        ("train", 16, "female"): 1, ("train", 16, "male"): 1,
        ("test", None, "female"): 1, ("test", None, "male"): 1,
    }  # fmt: skip
    assert len(read_common_voice(tmp_path, balance=False)) == 23


def test_quotes_are_text(tmp_path: Path, rows: Rows) -> None:
    """A sentence that begins with a quotation mark swallows no rows."""
    rows(tmp_path / "validated.tsv", _row("ann", sentence='"Well'), _row("bob"))
    assert len(read_common_voice(tmp_path, balance=False)) == 2


def test_the_first_releases_name_clips_without_suffix(tmp_path: Path, rows: Rows, touch: Callable[..., None]) -> None:
    """A clip without a suffix in the table is an MP3 file."""
    rows(tmp_path / "validated.tsv", _row("ann", path="abc"))
    touch(tmp_path, "clips/abc.mp3")
    assert [each.path for each in read_common_voice(tmp_path, balance=False)] == ["clips/abc.mp3"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gender": "feminin"}, "the gender of ann_1.mp3 is 'feminin': expected one of nothing, female, male, other"),
        ({"age": "twentysomething"}, "the age of ann_1.mp3 is 'twentysomething': expected one of nothing, teens"),
        ({"up_votes": "many"}, "'many'"),
        ({"gender": "other"}, "no clips of women and men left"),
    ],
)
def test_unknown_values_are_refused(tmp_path: Path, rows: Rows, change: dict[str, str], said: str) -> None:
    """A value nobody told us of is refused, never guessed."""
    rows(tmp_path / "validated.tsv", _row("ann", **change))
    with pytest.raises(UnusableError) as refused:
        read_common_voice(tmp_path)
    assert said in str(refused.value)


def test_missing_columns_and_clips_are_refused(tmp_path: Path, rows: Rows) -> None:
    """A table of another kind, and clips that were not unpacked, are named."""
    rows(tmp_path / "validated.tsv", _row("ann"))
    (tmp_path / "clips" / "ann_1.mp3").unlink()
    with pytest.raises(UnusableError, match=r"ann_1\.mp3 is in the table but not there"):
        read_common_voice(tmp_path, balance=False)
    (tmp_path / "validated.tsv").write_text("client_id\tpath\n")
    with pytest.raises(UnusableError, match="no column age, down_votes, gender, up_votes"):
        read_common_voice(tmp_path)
