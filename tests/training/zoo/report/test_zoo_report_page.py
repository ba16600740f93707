"""The page, the pictures and the sentences of the comparison."""

import re
import shutil
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from training.zoo.outcome import Outcome, Score
from training.zoo.report import Trial, draw_tuning, write_report
from training.zoo.report.__main__ import report as command
from training.zoo.report.findings import findings
from training.zoo.report.outcomes import tasks

MOST_BYTES = 150_000
TEXTS = ("README.md", "index.html", "zoo.csv")
PICTURES = {"accuracy", "confusion", "cost", "curves"}
TUNED = {"tuning", "tuning-bars", "tuning-metrics"}


@pytest.fixture
def trials() -> list[Trial]:
    """Three optimisers with two losses, made up."""
    return [Trial(optimizer, loss, {"AUC": 0.9, "Recall": 0.8}, 0.6 + 0.1 * n + 0.01 * m, 0.5 - 0.1 * n, 3.0)
            for n, optimizer in enumerate(("SGD", "RMSprop", "Adam"))
            for m, loss in enumerate(("hinge", "binary_crossentropy"))]  # fmt: skip


def drawn(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.png")}


def test_the_page_has_every_recipe_and_asks_for_nothing(outcomes: list[Outcome], report: Path) -> None:
    """No script, nothing fetched: its pictures are inside it, the files beside it; links stay in the project."""
    page = (report / "index.html").read_text("utf-8")
    for each in outcomes:
        assert f">{each.recipe}</td>" in page
        assert f"`{each.recipe}`" in (report / "README.md").read_text("utf-8").replace("**", "`")
    sources = re.findall(r'src="([^"]*)"', page)
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    inside = [b64decode(source.partition(",")[2]) for source in sources]
    assert sorted(inside) == sorted(path.read_bytes() for path in report.glob("*.png"))
    text = re.sub(r'src="[^"]*"', "", page)
    assert not re.search(r"<script|<link|https?:|url\(|@import", text)
    assert set(re.findall(r'href="([^"#]+)"', text)) == {
        "README.md", "zoo.csv", "../voice/CARD.md", "../voice/report/ideas.md"}  # fmt: skip
    assert set(re.findall(r'href="#([^"]+)"', text)) == set(re.findall(r'<section id="([^"]+)"', text))


def test_every_picture_is_small_and_shown_on_both(report: Path) -> None:
    """Four pictures, each a PNG of few bytes, each in README.md with a caption below it."""
    readme = (report / "README.md").read_text("utf-8")
    assert drawn(report) == PICTURES
    for name in PICTURES:
        content = (report / f"{name}.png").read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) < MOST_BYTES
        assert re.search(rf"!\[[^]]+\]\({name}\.png\)\n\n.{{60}}", readme)


def test_drawn_again_nothing_changes(work: Path, report: Path, tmp_path: Path) -> None:
    """From the same outcomes the same bytes: texts and pictures, by the command, too."""
    result = CliRunner().invoke(command, ["--work", str(work), "--folder", str(tmp_path)])
    assert result.exit_code == 0
    for path in report.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {*TEXTS, *(f"{name}.png" for name in PICTURES)}


def test_what_there_is_nothing_of_is_left_out(make: Callable, written: Callable) -> None:
    """One baseline without a network: no cost, no curves, and no picture of an earlier run."""
    folder = written([make("one", (0.9, 0.8, 0.7)), make("coin", (0.5, 0.5, 0.5), parameters=0)])
    assert drawn(folder) == PICTURES
    shutil.rmtree(folder.parent / "work")
    assert drawn(written([make("coin", (0.5, 0.5, 0.5), parameters=0)])) == {"accuracy", "confusion"}
    readme = (folder / "README.md").read_text("utf-8")
    assert "curves.png" not in readme
    assert "In short" not in readme


def test_the_tuning_study_is_drawn_and_joins_the_page(trials: list[Trial], make: Callable, tmp_path: Path) -> None:
    """From a list or from its file the same pictures; where the work folder has them they are on the page."""
    path = tmp_path / "work" / "tuning.json"
    (path.parent / "one").mkdir(parents=True)
    path.write_bytes(msgspec.json.encode(trials))
    (path.parent / "one" / "outcome.json").write_bytes(msgspec.json.encode(make("one", (0.9, 0.8, 0.7))))
    write_report(path.parent, tmp_path / "report")
    listed = draw_tuning(trials, tmp_path / "alone")
    assert {name for name, _, _ in listed} == drawn(tmp_path / "alone") == TUNED
    readme = (tmp_path / "report" / "README.md").read_text("utf-8")
    for name, _, caption in listed:
        same = (folder / f"{name}.png" for folder in (tmp_path / "alone", tmp_path / "report"))
        assert len({each.read_bytes() for each in same}) == 1
        assert caption in readme
    assert "Best: Adam with binary crossentropy, 81.0 %" in readme


def test_what_is_said_is_what_was_measured(make: Callable) -> None:
    """Best idea, lead of the shipped model, loss to the unheard corpus and the place of the random split's best."""

    def of(name: str, *hits: int, seed: str = "S, 2018", parameters: int = 10) -> Outcome:
        scores = [Score(200, 9, ((hit, 100 - hit), (100 - hit, hit))) for hit in hits]
        made = make(name, (0.5, 0.5, 0.5), seed, parameters=parameters)
        return msgspec.structs.replace(made, scores=dict(zip(made.scores, scores, strict=True)))

    shown = [of("a", 80, 75, 70), of("b", 95, 80, 54), of("c", 81, 70, 65), of("coin", 50, 50, 50, parameters=0)]
    best, shifted, promised, guessing, cost = findings(tasks([*shown, of("ours", 99, 98, 66, seed="")])[0])
    assert "`a`: 70.0 % right" in best
    assert "`ours`: 66.0 %, 4.0 points less" in best
    assert "moves by −16.0 points (median), `b` worst: from 95.0 % to 54.0 %" in shifted
    assert "`b` (95.0 %), comes out as number 3 of 3" in promised
    assert guessing.endswith("guessing (50.0 %): `b`.")
    assert "`ours`" in cost
    assert "4.0 points more" in findings(tasks([*shown, of("ours", 99, 98, 74, seed="")])[0])[0]
