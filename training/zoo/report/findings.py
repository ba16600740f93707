"""What the numbers of a task say, in sentences; `names` between backticks."""

from collections.abc import Iterator, Sequence
from math import isnan
from statistics import median

from scipy.stats import spearmanr

from training.zoo.outcome import Outcome
from training.zoo.report.cost import milliseconds
from training.zoo.report.measures import wilson
from training.zoo.report.outcomes import CORPUS, RANDOM, Task, right
from training.zoo.report.words import count, percent, points, size
from training.zoo.report.words import milliseconds as said

_FEW = 5  # recipes of which no correlation is said
_STRONG = 0.7


def findings(task: Task) -> list[str]:
    """Only what is known is said."""
    learning = [each for each in task.recipes if each.parameters and CORPUS in each.scores]
    if not learning:
        return []
    return [*_best(task, learning), *_shifted(learning), *_promised(learning), *_guessing(task, learning),
            *_size(learning), *_cost(task, learning)]  # fmt: skip


def _best(task: Task, learning: Sequence[Outcome]) -> Iterator[str]:
    best = learning[0]
    text = f"On the {CORPUS} the best idea of the seeds is `{best.recipe}`: {_percent(best, CORPUS)} right."
    for ours in task.shipped:
        more = 100 * (right(ours, CORPUS) - right(best, CORPUS))
        if not isnan(more):
            text += (f" The shipped model, `{ours.recipe}`: {_percent(ours, CORPUS)}, {abs(more):.1f} points "
                     f"{'more' if more >= 0 else 'less'}.{''.join(f' Mind: {note}' for note in ours.notes[:1])}"
                     )  # fmt: skip
    yield text


def _shifted(learning: Sequence[Outcome]) -> Iterator[str]:
    known = {each.recipe: right(each, CORPUS) - right(each, RANDOM) for each in learning if RANDOM in each.scores}
    if known:
        most = next(each for each in learning if each.recipe == min(known, key=known.__getitem__))
        yield (f"From the {RANDOM} to the {CORPUS} a recipe moves by {points(median(known.values()))} points (median), "
               f"`{most.recipe}` worst: from {_percent(most, RANDOM)} to {_percent(most, CORPUS)}.")  # fmt: skip


def _promised(learning: Sequence[Outcome]) -> Iterator[str]:
    known = [each for each in learning if RANDOM in each.scores]
    if len(known) < 2:
        return
    first = max(known, key=lambda each: right(each, RANDOM))
    place = 1 + learning.index(first)
    if place > 1:
        yield (f"The {RANDOM} chooses badly: its best, `{first.recipe}` ({_percent(first, RANDOM)}), comes out as "
               f"number {place} of {len(learning)} on the {CORPUS}.")  # fmt: skip


def _guessing(task: Task, learning: Sequence[Outcome]) -> Iterator[str]:
    guesses = [right(each, CORPUS) for each in task.recipes if not each.parameters and CORPUS in each.scores]
    if not guesses:
        return
    low = [f"`{each.recipe}`" for each in learning if wilson(each.scores[CORPUS])[0] <= max(guesses)]
    if low:
        yield f"There, not surely better than guessing ({percent(max(guesses))} %): {', '.join(low)}."


def _size(learning: Sequence[Outcome]) -> Iterator[str]:
    sizes, shares = [each.parameters for each in learning], [right(each, CORPUS) for each in learning]
    if min(len(set(sizes)), len(set(shares))) < _FEW:
        return
    rank = spearmanr(sizes, shares).statistic
    yield (f"Size alone does not say it: the rank correlation (Spearman) of parameters with what is right there is "
           f"{rank:.2f}; were larger always better, it would be 1." if rank < _STRONG else
           f"Larger recipes do better there: rank correlation (Spearman) with the parameters {rank:.2f}.")  # fmt: skip


def _cost(task: Task, learning: Sequence[Outcome]) -> Iterator[str]:
    known = [f"`{each.recipe}` {said(milliseconds(each))} ms ({count(each.parameters)} parameters, "
             f"{size(each.float32.bytes)})" for each in [*task.shipped, *learning[:1]]
             if not each.float32.reason]  # fmt: skip
    if known:
        yield f"With its features a window takes {', '.join(known)}."


def _percent(each: Outcome, name: str) -> str:
    return f"{percent(right(each, name))} %"
