"""The two people who may be speaking on one stream, a label's each: known better and better.

Where people of both labels take turns, each is known by what was theirs so far: of two normals with one variance the
log-odds are linear (Fisher 1936), and their zero lies half-way between the two people, not between the labels'
averages. A woman who sounds much like a man is told from the man she talks with.

Whose a window was is never decided here. By the forward filter over who speaks (Rabiner, A Tutorial on Hidden Markov
Models, 1989) it counts for either as far as it is likely to be theirs, which is on-line EM (Cappé and Moulines, 2009):
what was taken for the other's at first, while nobody was known, is outweighed by what comes.
"""

import math
from collections.abc import Sequence

import msgspec

from models import Verdict


class Pair(msgspec.Struct, frozen=True, gc=False):
    """What is known of the two: their own means of the log-odds."""

    first: float  # who has the first label
    second: float
    variance: float  # of what is known of either, pooled

    def log_odds(self, total: float, weight: float, within: float) -> float:
        """Of the first against the second, by windows worth `weight` whose log-odds sum up to `total`."""
        apart = self.first - self.second
        if apart <= 0.0:
            return 0.0
        midway = 0.5 * (self.first + self.second)
        return apart * (total - weight * midway) / (weight * self.variance + within**2)


def any_pair(speakers: Verdict) -> Pair:
    """Two people of whom nothing is known but their labels."""
    return Pair(speakers.mean, -speakers.mean, speakers.between * speakers.between)


class People:
    """One stream's two people."""

    def __init__(self, speakers: Verdict) -> None:
        self._speakers = speakers
        self.pair = any_pair(speakers)
        self._speaking = [0.25, 0.25, 0.5]  # probability that the first, the second, nobody speaks now
        self._first = self._second = (0.0, 0.0)  # heard lately: sum of the log-odds, independent windows

    def hear(
        self,
        log_odds: float | None,
        fits: Sequence[float],
        moves: Sequence[Sequence[float]],
        *,
        weight: float,
        kept: float,
    ) -> None:
        """Go on with a window.

        fits: how well it fits either and nobody, log-likelihoods; moves: probabilities to each state, from each;
        weight: how many independent windows it is worth; kept: what stays of what was before.
        """
        one, other, nobody = self._speaking
        reached = [
            (one * first + other * second + nobody * third) * math.exp(fit)
            for (first, second, third), fit in zip(moves, fits, strict=True)
        ]
        total = sum(reached)
        self._speaking = [each / total for each in reached]
        if log_odds is not None:
            self._first = _heard(self._first, log_odds, weight * self._speaking[0], kept)
            self._second = _heard(self._second, log_odds, weight * self._speaking[1], kept)
            self.pair = self._posterior()

    def _posterior(self) -> Pair:
        """Each one's normal posterior mean, where their label's is the prior."""
        within, between = self._speakers.within**2, self._speakers.between**2
        usual, known = self._speakers.mean / between, 1.0 / between
        one, other = self._first[1] / within + known, self._second[1] / within + known  # precisions
        first, second = self._first[0] / within + usual, self._second[0] / within - usual
        return Pair(first / one, second / other, 0.5 * (1.0 / one + 1.0 / other))


def _heard(lately: tuple[float, float], log_odds: float, weight: float, kept: float) -> tuple[float, float]:
    return lately[0] * kept + weight * log_odds, lately[1] * kept + weight
