"""Tables of the comparison, read back from what was written: their numbers, their order, what stands beside them."""

import csv
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from models import UnusableError
from training.zoo.outcome import Outcome, Score
from training.zoo.report import write_report
from training.zoo.report.words import is_loud

SETS = ("random split", "unheard speakers", "unheard corpus")
Z = 1.959963984540054  # 97.5 % of a standard normal lie below

WORTH, OTHER, COST = "What each idea is worth", "Another question: voice or no voice", "What it costs"
ANSWERED = "What is answered"

Tables = dict[tuple[str, str], list[dict[str, str]]]


def of_readme(folder: Path) -> Tables:
    """The rows of each table of README.md by its section and title, less how they are marked."""
    found: Tables = {}
    section, title, head = "", "", []
    for line in (folder / "README.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            section, title = line[3:], ""
        elif match := re.fullmatch(r"\*\*(.+)\*\*|<details><summary>(.+)</summary>", line):
            title = match[1] or match[2]
        elif not line.startswith("|"):
            head = []
        elif not head:
            head = _cells(line)
        elif "---" not in line:
            found.setdefault((section, title), []).append(dict(zip(head, _cells(line), strict=True)))
    return found


def _cells(line: str) -> list[str]:
    return [re.sub(r"[*`]", "", cell).strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


class Cells(HTMLParser):
    """The texts of the cells of a page's tables, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag, attrs) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag) -> None:
        self._inside = self._inside and tag not in ("td", "th")

    def handle_data(self, data) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def expected(score: Score) -> dict[str, float]:
    """What scikit-learn says of the windows one by one, in percent."""
    counts = np.array(score.confusion)
    truth, answer = (np.repeat(column, counts.ravel()) for column in ([0, 0, 1, 1], [0, 1, 0, 1]))
    each = precision_recall_fscore_support(truth, answer, labels=[0, 1], zero_division=np.nan)
    macro = precision_recall_fscore_support(truth, answer, average="macro", zero_division=np.nan)
    names = [f"{name}_{label}" for name in ("precision", "recall", "f1") for label in (0, 1)]
    shares = {"accuracy": accuracy_score(truth, answer), "macro_f1": macro[2]}
    return {name: 100 * share for name, share in (shares | dict(zip(names, np.ravel(each[:3]), strict=True))).items()}


def said(share: float) -> str:
    return f"{share:.1f}"


def test_every_number_is_that_of_its_confusion_matrix(outcomes: list[Outcome], report: Path) -> None:
    """Accuracy, precision, recall and F1 of every recipe, set and class equal scikit-learn's of the windows."""
    tables = of_readme(report)
    compared = 0
    for each in outcomes:
        labels = [label.replace("_", " ") for label in each.labels]
        for name, score in each.scores.items():
            (row,) = [
                row
                for row in tables["What is answered", f"{' or '.join(labels)}, {name}"]
                if row["recipe"] == each.recipe
            ]
            want = expected(score)
            assert row["right"] == said(want["accuracy"])
            assert row["macro F1"] == said(want["macro_f1"])
            for place, label in enumerate(labels):
                for measure in ("precision", "recall", "F1"):
                    assert row[f"{measure}: {label}"] == said(want[f"{measure.lower()}_{place}"])
            assert row["confusion"] == str([list(each) for each in score.confusion])
            compared += 1
    assert compared == 3 * len(outcomes)


def test_accuracy_stands_with_the_wilson_interval(outcomes: list[Outcome], report: Path) -> None:
    """The ends p of the interval solve (p̂ − p)² = z² p (1 − p) / n, one below the accuracy, one above."""
    tables = of_readme(report)
    rows = {row["recipe"]: row for row in tables[WORTH, "female or male"] + tables[OTHER, ""]}
    for each in outcomes:
        for name, score in each.scores.items():
            cell = rows[each.recipe][f"{name}, %"]
            share, low, high = (float(number) / 100 for number in re.findall(r"[\d.]+", cell))
            true = (score.confusion[0][0] + score.confusion[1][1]) / score.windows
            assert share == pytest.approx(true, abs=6e-4)
            ends = np.roots([1 + Z**2 / score.windows, -2 * true - Z**2 / score.windows, true**2])
            assert (low, high) == pytest.approx(sorted(ends), abs=6e-4)
        shift = expected(each.scores[SETS[2]])["accuracy"] - expected(each.scores[SETS[0]])["accuracy"]
        assert float(rows[each.recipe]["shift, points"].replace("−", "-")) == pytest.approx(shift, abs=0.051)


def test_the_csv_has_every_recipe_and_set_as_bare_numbers(outcomes: list[Outcome], report: Path) -> None:
    """A row each; shares as fractions, equal to scikit-learn's; counts and costs as they were measured."""
    with (report / "zoo.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["recipe"], row["set"]): row for row in csv.DictReader(file)}
    assert set(rows) == {(each.recipe, name) for each in outcomes for name in SETS}
    for each in outcomes:
        for name, score in each.scores.items():
            row = rows[each.recipe, name]
            for key, share in expected(score).items():
                assert float(row[key]) == pytest.approx(share / 100, abs=1e-6)
            assert int(row["true_0_answered_1"]) == score.confusion[0][1]
            assert int(row["parameters"]) == each.parameters
            assert row["int8_reason"] == each.int8.reason
            assert row["int8_bytes"] == ("" if each.int8.reason else str(each.int8.bytes))
            assert float(row["feature_milliseconds"]) == each.feature_milliseconds


def test_the_page_says_what_the_markdown_says(report: Path) -> None:
    """Every row of README.md stands on the page, cell by cell, less the loud notes in rows of their own."""
    page = Cells()
    page.feed((report / "index.html").read_text("utf-8"))
    rows = [
        list(row.values())
        for table in of_readme(report).values()
        for row in ({key: cell for key, cell in row.items() if key != "read this first"} for row in table)
    ]
    assert len(rows) > 50
    for row in rows:
        assert row in page.rows


def test_the_unheard_corpus_decides_the_order(outcomes: list[Outcome], report: Path) -> None:
    """The shipped model apart and first, then recipes from the most to the least often right on the unheard corpus."""
    right = {each.recipe: expected(each.scores[SETS[2]])["accuracy"] for each in outcomes}
    tables = of_readme(report)
    assert len(tables) == 10
    for rows in tables.values():
        first, *others = [row["recipe"] for row in rows]
        assert first in ("voice", "veto")
        assert all(right[better] >= right[worse] for better, worse in pairwise(others))
    random = {each.recipe: expected(each.scores[SETS[0]])["accuracy"] for each in outcomes}
    order = [row["recipe"] for row in tables[WORTH, "female or male"][1:]]
    assert order != sorted(order, key=lambda name: -random[name])  # else this test would not tell


def test_what_was_not_scored_on_the_unheard_corpus_comes_last(make: Callable, written: Callable) -> None:
    """A recipe without that score stands below the worst, with a dash and not with a zero."""
    half = make("half", (0.99, 0.98))
    folder = written([half, make("worst", (0.6, 0.5, 0.4)), make("best", (0.6, 0.6, 0.6))])
    rows = of_readme(folder)[WORTH, ""]
    assert [row["recipe"] for row in rows] == ["best", "worst", "half"]
    assert rows[-1]["unheard corpus, %"] == "–"
    assert rows[-1]["shift, points"] == "–"


def test_each_task_has_its_own_table(outcomes: list[Outcome], report: Path) -> None:
    """Recipes that answer with other labels are never in one table."""
    labels = {each.recipe: each.labels for each in outcomes}
    for rows in of_readme(report).values():
        assert len({labels[row["recipe"]] for row in rows}) == 1


def test_a_recipe_without_export_says_why(outcomes: list[Outcome], report: Path) -> None:
    """`not convertible` and the reason, in the place of size and time; no other number in its stead."""
    costs = {row["recipe"]: row for (section, _), rows in of_readme(report).items() if section == COST for row in rows}
    refused = [each for each in outcomes if each.int8.reason]
    assert len(refused) == 6
    for each in outcomes:
        for name, file in (("float32", each.float32), ("int8", each.int8)):
            assert (costs[each.recipe][name] == f"not convertible: {file.reason}") == bool(file.reason)
            if not file.reason:
                assert re.fullmatch(r"[\d.]+ [kM]B, [\d.]+ ms", costs[each.recipe][name])


def test_loud_notes_stand_at_the_numbers_and_all_notes_on_both_pages(outcomes: list[Outcome], report: Path) -> None:
    """A note that begins in capitals is in its recipe's row of the first table; every note is listed by its recipe."""
    rows = {row["recipe"]: row for row in of_readme(report)[WORTH, "female or male"]}
    readme, page = ((report / name).read_text("utf-8") for name in ("README.md", "index.html"))
    for each in outcomes:
        for note in each.notes:
            (line,) = [line for line in readme.splitlines() if line.startswith(f"- `{each.recipe}`: ")]
            assert note in line
            assert (note in rows[each.recipe]["read this first"]) == is_loud(note)
    assert re.search(r'class="noted">(<td[^>]*>vgg16-transfer</td>).*\n<tr class="note">.*WITHOUT ImageNet', page)
    assert "0.25 and 0.5 are ours" in page


@pytest.mark.parametrize(("note", "loud"), [
    ("WITHOUT weights", True), ("LEAK: it leaks", True), ("Without weights", False), ("A seed", False),
    ("VGG16 is large", False), ("The seed SHOUTS", False),
])  # fmt: skip
def test_a_note_is_loud_by_its_first_word(note: str, loud: bool) -> None:
    """Only a first word in capitals makes a note loud."""
    assert is_loud(note) == loud


def test_a_class_never_answered_has_no_precision(make: Callable, written: Callable) -> None:
    """Nothing of nothing is a dash, not nought; its F1 is nought, and so the macro F1 of one class is a third."""
    one = make("one", (0.5, 0.5, 0.5))
    score = Score(100, 10, ((50, 0), (50, 0)))
    folder = written([msgspec.structs.replace(one, scores=dict.fromkeys(SETS, score)), make("two", (0.9, 0.8, 0.7))])
    (row,) = [
        row for row in of_readme(folder)["What is answered", "female or male, unheard corpus"] if row["recipe"] == "one"
    ]
    assert (row["precision: female"], row["precision: male"]) == ("50.0", "–")
    assert (row["F1: male"], row["macro F1"]) == ("0.0", "33.3")
    assert math.isclose(float(row["F1: female"]), 66.7)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """No outcome, or one of another version: what was expected and what to do."""
    with pytest.raises(UnusableError, match="python -m training zoo"):
        write_report(tmp_path, tmp_path / "report")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "outcome.json").write_text('{"recipe": "old"}')
    with pytest.raises(UnusableError, match="train that recipe anew"):
        write_report(tmp_path, tmp_path / "report")
    assert not (tmp_path / "report").exists()
