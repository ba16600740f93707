"""The two people who may be speaking on one stream, a label's each: known better and better.

Where people of both labels take turns, each is known by what was theirs so far: of two normals with one variance the
log-odds are linear (Fisher 1936), and their zero lies half-way between the two people, not between the labels'
averages. A woman who sounds much like a man is told from the man she talks with.

Whose a window was is never decided here. By the forward filter over who speaks (Rabiner, A Tutorial on Hidden Markov
Models, 1989) it counts for either as far as it is likely to be theirs, which is on-line EM (Cappé and Moulines, 2009):
what was taken for the other's at first, while nobody was known, is outweighed by what comes.

Where the model tells of timbre, the two are also told from each other by how they sound: each is a normal about the
mean of what was theirs so far, beside anybody's for strangers. That parts people; which label is whose, the log-odds
say alone. Whether somebody is of the labels' kinds, or a child, is likewise asked of all that was heard of them. It is
numbers of this stream, kept as long as it is heard, faded within minutes, and told to nobody.
"""

import math
from collections.abc import Sequence

import msgspec

from models import Timbre, Verdict

_STRANGER = math.log(0.05)
"""Of the share of windows in which neither is heard: two voices at once, or a third one."""


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


class Person(msgspec.Struct, gc=False):
    """What was heard of one of the two lately, each window as far as it is likely to be theirs."""

    log_odds: float = 0.0  # sum
    weight: float = 0.0  # independent windows
    timbre: Sequence[float] = ()  # the mean of what was theirs so far, shrunk towards anybody's, which is 0
    variance: float = 1.0  # of their next window about it, in each number
    kind: float = 0.0  # sum of the log-odds that they are of one of the labels' kinds, no child
    kind_weight: float = 0.0  # independent windows, those that cannot be decided among them

    def hear(self, log_odds: float, timbre: Sequence[float] | None, weight: float, kept: float, anybody: float) -> None:
        """Go on with a window that counts as so many.

        kept: what stays of what was before; anybody: how many windows the timbre of all people is worth.
        """
        self.log_odds = self.log_odds * kept + weight * log_odds
        self.weight = self.weight * kept + weight
        if timbre is not None:
            after = self.weight + anybody
            new = weight / after
            old = 1.0 - new - (1.0 - kept) * anybody / after
            self.timbre = [old * mean + new * each for mean, each in zip(self.timbre, timbre, strict=True)]
            self.variance = 1.0 + 1.0 / after

    def fits(self, timbre: Sequence[float]) -> float:
        """Log-likelihood of their next window, but for a constant."""
        far = math.dist(timbre, self.timbre)
        return -0.5 * (len(timbre) * math.log(self.variance) + far * far / self.variance)


class People:
    """One stream's two people."""

    def __init__(self, speakers: Verdict, timbre: Timbre | None = None) -> None:
        """`timbre`: what the model tells of how voices sound, if it does."""
        self._speakers = speakers
        self.pair = any_pair(speakers)
        self._speaking = [0.25, 0.25, 0.5]  # probability that the first, the second, nobody speaks now
        nothing, variance = ([0.0] * timbre.size, 1.0 + timbre.between) if timbre else ([], 1.0)
        self._anybody, *self._persons = (Person(timbre=nothing, variance=variance) for _ in range(3))
        self._alike = 1.0 / timbre.between if timbre else math.inf  # windows that anybody's timbre is worth

    def tell(self, log_odds: float, timbre: Sequence[float] | None, two: float) -> float:
        """Log-odds that the first rather than the second speaks in a window.

        two: probability that there are two people at all: one alone is not parted by how they sound.
        """
        told = self.pair.log_odds(log_odds, 1.0, self._speakers.within)
        if timbre is None or not two:
            return told
        one, other = self._persons
        stranger = _STRANGER + self._anybody.fits(timbre)
        return told + two * (_log_sum(one.fits(timbre), stranger) - _log_sum(other.fits(timbre), stranger))

    def kind(self, log_odds: float, whose: tuple[float, float], *, weight: float, kept: float) -> float:
        """Mean log-odds that who speaks is of one of the labels' kinds, over this window and their earlier ones.

        whose: probabilities that it is the first, and the second; weight, kept: as of `hear`.
        """
        (first, second), (one, other) = whose, self._persons
        total = log_odds + (first * one.kind + second * other.kind)
        count = 1.0 + (first * one.kind_weight + second * other.kind_weight)
        for person, theirs in zip(self._persons, whose, strict=True):
            person.kind = person.kind * kept + theirs * weight * log_odds
            person.kind_weight = person.kind_weight * kept + theirs * weight
        return total / count

    def hear(
        self,
        log_odds: float | None,
        fits: Sequence[float],
        moves: Sequence[Sequence[float]],
        *,
        weight: float,
        kept: float,
        timbre: Sequence[float] | None = None,
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
        if log_odds is None:
            return
        for person, theirs in zip(self._persons, self._speaking, strict=False):  # nobody is no person
            person.hear(log_odds, timbre, weight * theirs, kept, self._alike)
        self.pair = self._posterior()

    def _posterior(self) -> Pair:
        """Each one's normal posterior mean, where their label's is the prior."""
        within, between = self._speakers.within**2, self._speakers.between**2
        usual, known = self._speakers.mean / between, 1.0 / between
        first, second = self._persons
        one, other = first.weight / within + known, second.weight / within + known  # precisions
        means = (first.log_odds / within + usual) / one, (second.log_odds / within - usual) / other
        return Pair(*means, 0.5 * (1.0 / one + 1.0 / other))


def _log_sum(one: float, other: float) -> float:
    """ln(exp(one) + exp(other))."""
    return max(one, other) + math.log1p(math.exp(-abs(one - other)))
