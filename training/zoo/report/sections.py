"""What the comparison says, in its order; Markdown and HTML write the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.zoo.report import accuracy, cost, curves, tables
from training.zoo.report.findings import findings
from training.zoo.report.outcomes import CORPUS, RANDOM, SPEAKERS, Task
from training.zoo.report.tables import Table, by_class, worth
from training.zoo.report.tuning import draw_tuning

TITLE = "The zoo: what each idea of 2017 to 2021 is worth on unseen voices"
TUNING = "tuning.json"  # in the work folder, where the study was run

_SETS = (
    f"**{RANDOM}**: windows of one corpus, dealt out at random as the seeds did; the same speakers on both sides. "
    f"**{SPEAKERS}**: people of that corpus who were not learnt from. **{CORPUS}**: another corpus altogether, with "
    "other people, rooms and microphones; every table is sorted by it, the shipped model apart. **shift**: from the "
    "first to the last. A window is 2 s long, and is forced to one of two answers; as many windows of either, so half "
    "right is guessing."
)
_MEASURES = (
    "**right**: of all windows, in percent, with its 95 % interval (Wilson) by window. **precision**: right of the "
    "windows answered so. **recall**: found of the windows that are so. **F1**: the harmonic mean of both. **macro**: "
    "the plain mean of the two classes, whatever their sizes. **confusion**: a row for each true class, a column for "
    "each answer, in the order of the labels."
)
_COST = (
    "Milliseconds of one window on one thread of the machine that trained, features computed from nothing for each "
    "window. **off from Keras**: how far the TFLite files are from the network they were made of, the largest "
    "difference of a float32 logit / the mean difference of an int8 probability."
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG beside the page."""

    name: str
    title: str
    caption: str


Block = str | list[str] | Picture | Table  # a paragraph, points, …; **bold** and `names` are marked as in Markdown


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    key: str
    title: str
    blocks: list[Block]


def sections(found: Sequence[Task], work: Path, folder: Path) -> list[Section]:
    """Draw every picture into `folder`; all that is said, in order. What there is nothing of, is left out."""
    main, *others = found

    def drawn(name: str, title: str, caption: str) -> list[Block]:
        return [Picture(name, title, caption)] if caption else []

    def png(name: str) -> Path:
        path = folder / f"{name}.png"
        path.unlink(missing_ok=True)  # of another run, maybe
        return path

    made = [
        Section("worth", "What each idea is worth", [
            *drawn("accuracy", "Right on each set", accuracy.accuracies(found, png("accuracy"))),
            worth(main, main.name if others else "")]),
        *(Section(f"other-{number}", f"Another question: {task.name}", [worth(task)])
          for number, task in enumerate(others)),
        Section("notes", "To be read with the numbers", _notes(found)),
        Section("classes", "What is answered", [
            *drawn("confusion", "Confusion matrices", curves.confusions(found, png("confusion"))),
            *(by_class(task, name, f"{task.name}, {name}", folded=name != CORPUS)
              for name in (CORPUS, SPEAKERS, RANDOM) for task in found)]),
        Section("cost", "What it costs", [
            *drawn("cost", "Accuracy against cost", cost.cost(main, png("cost"))), _COST,
            *(tables.cost(task, task.name) for task in found)]),
        Section("curves", "How they learnt", drawn("curves", "Curves", curves.curves(found, png("curves")))),
        Section("tuning", "Optimisers and losses", _tuning(work / TUNING, folder)),
        Section("words", "What the words mean", [_SETS, _MEASURES]),
    ]  # fmt: skip
    said = findings(main)
    return [*([Section("short", "In short", [said])] if said else []), *(each for each in made if each.blocks)]


def _notes(found: Sequence[Task]) -> list[Block]:
    said = [note for task in found for note in tables.notes(task)]
    return [said] if said else []


def _tuning(results: Path, folder: Path) -> list[Block]:
    if not results.exists():
        return []
    return [Picture(name, title, caption) for name, title, caption in draw_tuning(results, folder)]
