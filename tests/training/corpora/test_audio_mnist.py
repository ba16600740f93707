"""AudioMNIST."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from models import UnusableError
from training.corpora.audio_mnist import read_audio_mnist

Touch = Callable[..., None]


def _write(root: Path, text: str) -> None:
    (root / "data").mkdir(exist_ok=True)
    (root / "data" / "audioMNIST_meta.txt").write_text(text)


def test_the_table_tells_gender_and_age(tmp_path: Path, touch: Touch) -> None:
    """Gender and age are the table's, an age as number or text; an impossible one is unknown."""
    ages = {"01": 30, "12": "26", "45": "1234"}
    _write(tmp_path, json.dumps({who: {"age": age, "gender": "female"} for who, age in ages.items()}))
    touch(tmp_path, *(f"data/{who}/0_{who}_0.wav" for who in ages))
    found = {each.speaker: (each.gender, each.age) for each in read_audio_mnist(tmp_path)}
    assert found == {
        "audio_mnist-01": ("female", 30), "audio_mnist-12": ("female", 26), "audio_mnist-45": ("female", None),
    }  # fmt: skip


def test_every_split_of_the_real_speakers_has_women_and_men(tmp_path: Path, touch: Touch) -> None:
    """The twelve women and 48 men of AudioMNIST are in all splits."""
    women = {12, 26, 28, 36, 43, 47, 52, 56, 57, 58, 59, 60}
    _write(tmp_path, json.dumps({
        f"{who:02}": {"age": "25", "gender": "female" if who in women else "male"} for who in range(1, 61)
    }))  # fmt: skip
    touch(tmp_path, *(f"data/{who:02}/0_{who:02}_0.wav" for who in range(1, 61)))
    assert len({(each.split, each.gender) for each in read_audio_mnist(tmp_path)}) == 6


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('{"01": {"age": 30, "gender": "diverse"}}', "'diverse': expected one of female, male"),
        ('{"02": {"age": 30, "gender": "male"}}', "'01' is no speaker"),
        ('{"01": {"age": 30}}', "expected a JSON object"),
        ("01 male", "expected a JSON object"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, touch: Touch, table: str, said: str) -> None:
    """Unknown genders and speakers and broken tables are refused with what was expected."""
    _write(tmp_path, table)
    touch(tmp_path, "data/01/0_01_0.wav")
    with pytest.raises(UnusableError) as refused:
        read_audio_mnist(tmp_path)
    assert said in str(refused.value)
