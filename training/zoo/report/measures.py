"""What a confusion matrix says: accuracy, precision, recall, F1. Rows are true classes, columns the answers."""

from math import nan
from typing import NamedTuple

from scipy.stats import binomtest

from training.zoo.outcome import Score


class OfClass(NamedTuple):
    """One class against the other."""

    precision: float  # right of the windows answered so; nan if none was
    recall: float  # found of the windows that are so; nan if none is
    f1: float  # harmonic mean of the two; 0 where either is


def accuracy(score: Score) -> float:
    """Right of all windows; nan of none."""
    return _share(_right(score), _windows(score))


def wilson(score: Score) -> tuple[float, float]:
    """The 95 % interval of the accuracy (Wilson, 1927), as though windows were drawn one by one."""
    if not _windows(score):
        return nan, nan
    found = binomtest(_right(score), _windows(score)).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def of_class(score: Score, place: int) -> OfClass:
    """The figures of the class at this place of the labels."""
    hits = score.confusion[place][place]
    answered, true = sum(row[place] for row in score.confusion), sum(score.confusion[place])
    return OfClass(_share(hits, answered), _share(hits, true), _share(2 * hits, answered + true))


def macro(score: Score) -> OfClass:
    """The plain mean of both classes, whatever their sizes."""
    return OfClass(*(sum(pair) / 2 for pair in zip(of_class(score, 0), of_class(score, 1), strict=True)))


def _right(score: Score) -> int:
    return score.confusion[0][0] + score.confusion[1][1]


def _windows(score: Score) -> int:
    return sum(map(sum, score.confusion))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else nan
