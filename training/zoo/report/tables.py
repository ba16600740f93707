"""The comparison as tables of words, the same for Markdown and HTML, and as one CSV of bare numbers."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path

from training.zoo.outcome import Outcome, Score
from training.zoo.report.measures import accuracy, macro, of_class, wilson
from training.zoo.report.outcomes import CORPUS, RANDOM, SETS, Task, right
from training.zoo.report.words import (
    NONE,
    count,
    duration,
    exported,
    interval,
    is_loud,
    milliseconds,
    percent,
    plain,
    points,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One outcome of a table."""

    cells: list[str]  # the first is the recipe's name
    shipped: bool
    loud: list[str] = field(default_factory=list)  # notes
    shares: dict[int, float] = field(default_factory=dict)  # what the cells at these places show, for a bar


@dataclass(frozen=True, slots=True)
class Table:
    """A head and its lines."""

    title: str
    head: list[str]
    lines: list[Line]
    folded: bool = False  # to be opened by the reader


def worth(task: Task, title: str = "") -> Table:
    """What each idea is worth: right on each set, beside what its seed reported."""
    head = ["recipe", *(f"{name}, %" for name in SETS), "shift, points", "idea", "reported by the seed"]
    return Table(title, head, [_worth(each) for each in task.all])


def _worth(each: Outcome) -> Line:
    shift = right(each, CORPUS) - right(each, RANDOM)
    reported = ": ".join(part for part in (each.seed, each.reported) if part)
    cells = [each.recipe, *(interval(each.scores.get(name)) for name in SETS), points(shift), each.title]
    shares = {1 + place: right(each, name, unknown=0.0) for place, name in enumerate(SETS)}
    return Line([*cells, reported or NONE], not each.seed, list(filter(is_loud, each.notes)), shares)


def by_class(task: Task, name: str, title: str, *, folded: bool = False) -> Table:
    """Precision, recall and F1 of each class on one set, and the confusion matrix they are made of."""
    of = [f"{measure}: {plain(label)}" for label in task.labels for measure in ("precision", "recall", "F1")]
    head = ["recipe", "right", *of, "macro F1", "confusion", "windows", "speakers or clips"]
    lines = [Line([each.recipe, *_by_class(each.scores[name])], not each.seed) for each in task.all
             if name in each.scores]  # fmt: skip
    return Table(title, head, lines, folded)


def _by_class(score: Score) -> list[str]:
    shares = [accuracy(score), *of_class(score, 0), *of_class(score, 1), macro(score).f1]
    confusion = str([list(row) for row in score.confusion])
    return [*map(percent, shares), confusion, count(score.windows), count(score.speakers)]


def cost(task: Task, title: str) -> Table:
    """What each recipe takes."""
    head = ["recipe", "is given", "features", "parameters", "float32", "int8", "off from Keras", "training"]
    return Table(title, head, [Line(_cost(each), not each.seed) for each in task.all])


def _cost(each: Outcome) -> list[str]:
    off = [NONE if file.reason else f"{file.disagreement:.1g}" for file in (each.float32, each.int8)]
    return [each.recipe, each.features, f"{milliseconds(each.feature_milliseconds)} ms", count(each.parameters),
            exported(each.float32), exported(each.int8), NONE if off == [NONE, NONE] else " / ".join(off),
            duration(each.training_seconds)]  # fmt: skip


def notes(task: Task) -> list[str]:
    """What is to be read beside the numbers of each recipe, the loud in bold."""
    return [f"`{each.recipe}`: " + " ".join(f"**⚠ {note}**" if is_loud(note) else note for note in each.notes)
            for each in task.all if each.notes]  # fmt: skip


def write_csv(found: list[Task], path: Path) -> None:
    """A row for each recipe and set; shares of 1, not percent; empty where there is no number."""
    rows = [row for task in found for each in task.all for row in _rows(each)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _rows(each: Outcome) -> Iterator[dict[str, object]]:
    head = {"recipe": each.recipe, "title": each.title, "seed": each.seed, "reported": each.reported,
            "features": each.features, "label_0": each.labels[0], "label_1": each.labels[1]}  # fmt: skip
    tail: dict[str, object] = {
        "parameters": each.parameters, "feature_milliseconds": each.feature_milliseconds,
        "training_seconds": each.training_seconds, "epochs": len(each.epochs),
    }  # fmt: skip
    for name, file in (("float32", each.float32), ("int8", each.int8)):
        known = (file.bytes, file.milliseconds, file.disagreement) if not file.reason else ("", "", "")
        tail |= dict(zip((f"{name}_bytes", f"{name}_milliseconds", f"{name}_disagreement"), known, strict=True))
        tail[f"{name}_reason"] = file.reason
    tail["notes"] = "; ".join(each.notes)
    for name in SETS:
        if name in each.scores:
            yield head | {"set": name} | _measured(each.scores[name]) | tail


def _measured(score: Score) -> dict[str, object]:
    """All that the confusion matrix says."""
    low, high = wilson(score)
    shares = {"accuracy": accuracy(score), "accuracy_low": low, "accuracy_high": high}
    for place in (0, 1):
        shares |= {f"{name}_{place}": share for name, share in of_class(score, place)._asdict().items()}
    shares |= {f"macro_{name}": share for name, share in macro(score)._asdict().items()}
    cells = {f"true_{row}_answered_{column}": score.confusion[row][column] for row in (0, 1) for column in (0, 1)}
    known = {name: "" if isnan(share) else round(share, 6) for name, share in shares.items()}
    return {"windows": score.windows, "speakers": score.speakers} | cells | known
