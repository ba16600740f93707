"""What is reported: the outcomes of a zoo's folder, sorted into tasks."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, nan
from pathlib import Path

import msgspec

from models import UnusableError
from training.zoo.outcome import Outcome
from training.zoo.report.measures import accuracy
from training.zoo.report.words import plain

NAME = "outcome.json"
RANDOM, SPEAKERS, CORPUS = SETS = ("random split", "unheard speakers", "unheard corpus")


@dataclass(frozen=True, slots=True)
class Task:
    """What can be compared: outcomes that answer with the same labels, best on the unheard corpus first."""

    labels: tuple[str, str]
    shipped: list[Outcome]  # not of a seed
    recipes: list[Outcome]

    @property
    def name(self) -> str:
        """The question."""
        return " or ".join(map(plain, self.labels))

    @property
    def all(self) -> list[Outcome]:
        """The shipped model first."""
        return self.shipped + self.recipes


def read_outcomes(work: Path) -> list[Outcome]:
    """Every outcome.json below `work`. Raises UnusableError where there is none, or one of another version."""
    paths = list(work.glob(f"*/{NAME}"))
    if not paths:
        raise UnusableError(f"no {NAME} in the folders of {work}: run `python -m training zoo` first")
    return [_read(path) for path in paths]


def _read(path: Path) -> Outcome:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Outcome)
    except msgspec.DecodeError as error:
        raise UnusableError(f"{path} is not an outcome of this version ({error}): train that recipe anew") from error


def tasks(outcomes: Iterable[Outcome]) -> list[Task]:
    """The tasks, that of the most recipes first."""
    ordered = sorted(outcomes, key=lambda each: (-right(each, CORPUS, unknown=-inf), each.recipe))
    found = []
    for labels in dict.fromkeys(each.labels for each in ordered):
        of = [each for each in ordered if each.labels == labels]
        found.append(Task(labels, [each for each in of if not each.seed], [each for each in of if each.seed]))
    return sorted(found, key=lambda task: -len(task.all))


def right(outcome: Outcome, name: str, *, unknown: float = nan) -> float:
    """Accuracy on the set of that name, `unknown` where it was not scored."""
    return accuracy(outcome.scores[name]) if name in outcome.scores else unknown
