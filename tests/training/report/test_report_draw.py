"""Pictures and page from a made-up evaluation, without data and without a model."""

import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("webrtcvad")
pytest.importorskip("ai_edge_litert")
pytest.importorskip("pyroomacoustics")
pytest.importorskip("mido")

from models import VOICE, UnusableError, load_model
from training.card import write_card
from training.report.draw import draw_report
from training.report.evaluation import Evaluation, read_evaluation, read_former, with_former, write_evaluation

MOST_BYTES = 150_000


def _seen(number: int) -> np.ndarray:
    return np.random.default_rng(0).integers(20, 120, (number, 198, 64)).astype(np.uint8)


def test_every_picture_is_drawn_and_stands_on_the_page(evaluation: Evaluation, tmp_path: Path) -> None:
    """Eleven pictures, each small, each with a caption, each on the page that asks for nothing from elsewhere."""
    write_evaluation(tmp_path, evaluation, _seen(2))
    pictures = draw_report(tmp_path)
    page = (tmp_path / "report/index.html").read_text("utf-8")
    assert len(pictures) == 11
    assert re.findall(r'src="([^"]+)"', page) == [f"{each.name}.png" for each in pictures]
    assert "<script" not in page
    assert "http" not in page
    for each in pictures:
        assert len(each.caption) > 40
        png = (tmp_path / "report" / f"{each.name}.png").read_bytes()
        assert png.startswith(b"\x89PNG")
        assert len(png) < MOST_BYTES


def test_what_was_not_measured_is_not_drawn(evaluation: Evaluation, tmp_path: Path) -> None:
    """Without a look nothing of evaluate-only data is drawn, and pictures of an earlier model go."""
    write_evaluation(tmp_path, evaluation, _seen(2))
    draw_report(tmp_path)
    open_voices = {name: of for name, of in evaluation.voices.items() if name not in ("ravdess", "nemo")}
    unlooked = msgspec.structs.replace(evaluation, looked=False, voices=open_voices, emotions={}, training=[])
    write_evaluation(tmp_path, unlooked, _seen(2))
    drawn = {each.name for each in draw_report(tmp_path)}
    assert drawn.isdisjoint({"emotion", "training"})
    assert {path.stem for path in (tmp_path / "report").glob("*.png")} == drawn


def test_what_is_written_is_read_back(evaluation: Evaluation, tmp_path: Path) -> None:
    """read(write(evaluation)) = evaluation to six digits, then exactly; spectrograms bit for bit."""
    write_evaluation(tmp_path, evaluation, _seen(2))
    found, seen = read_evaluation(tmp_path)
    before, after = (each.voices["nemo"]["wind"].forced.all for each in (evaluation, found))
    assert after.value == pytest.approx(before.value, abs=1e-6)
    write_evaluation(tmp_path, found, seen)
    assert read_evaluation(tmp_path)[0] == found
    assert np.array_equal(seen, _seen(2))


def test_a_look_is_kept_for_the_same_file_only(evaluation: Evaluation, tmp_path: Path) -> None:
    """Evaluate-only numbers outlive a run without a look, and never a change of the model file."""
    write_evaluation(tmp_path, evaluation, _seen(2))
    evaluation, _ = read_evaluation(tmp_path)
    open_voices = {name: of for name, of in evaluation.voices.items() if name not in ("ravdess", "nemo")}
    fresh = msgspec.structs.replace(evaluation, looked=False, voices=open_voices, emotions={}, training=[])
    merged, seen = with_former(fresh, _seen(2), read_former(tmp_path, evaluation.digest))
    assert merged.looked
    assert set(merged.voices) == set(evaluation.voices)
    assert merged.worst == evaluation.worst
    assert merged.training == evaluation.training
    assert len(seen) == 2
    assert read_former(tmp_path, "1" * 64) is None


def test_an_older_file_of_the_same_model_is_refused(evaluation: Evaluation, tmp_path: Path) -> None:
    """What cannot be read is not silently forgotten: the user is told before anything is measured."""
    write_evaluation(tmp_path, evaluation, _seen(2))
    path = tmp_path / "report/evaluation.json"
    path.write_bytes(msgspec.json.encode({"digest": evaluation.digest, "voices": []}))
    with pytest.raises(UnusableError, match="move it away"):
        read_former(tmp_path, evaluation.digest)


def test_the_card_says_bars_tables_and_risk(evaluation: Evaluation, tmp_path: Path) -> None:
    """The card carries the bars, the tables and the coverage-risk statement, and leads to the pictures."""
    write_card(tmp_path, load_model(VOICE).spec, evaluation)
    text = (tmp_path / "CARD.md").read_text("utf-8")
    for said in ("| RAVDESS, forced | 91 % |", "ravdess, wind", "answered, ", "(report/index.html)", "Trans and"):
        assert said in text
    assert "$" not in text
