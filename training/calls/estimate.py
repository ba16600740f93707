"""How log-odds spread over speakers and their windows: the parameters of `Verdict`, from calls heard by networks
that never heard their speakers.

What is called a speaker's mean is that of one leg: the line, and what is said, differ as the voices do. All
log-odds are taken in the direction of the speaker's own label, so that both labels are one population.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from models import Verdict
from stream.decide.evidence import Evidence, certainty, log_odds
from training.audio import RATE
from training.calls.hear import Decided, Hearing
from training.calls.simulate import GENDERS, NOBODY, Script
from training.gate import FRAME

LIMITS: Final = tuple(np.arange(2.0, 12.5, 1.0).tolist())  # of the log-odds, tried
SHARES: Final = tuple(np.arange(0.05, 1.0, 0.05).tolist())  # of the variance that is between speakers, tried
VOICED = 0.5  # of a window's frames must be the speaker's: hold music says nothing about them
STRAY = 0.95  # quantile
PARTED = 0.99  # the same: a leg's verdict is lost by it, and few legs have two people
_ASKED = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 60.0)  # seconds after the first window, when the label's likelihood is taken
_LAGS = 40  # windows apart, at most
_REFINED = 8  # rounds for the variance of the legs' means
_ROUNDS = 500  # of expectation and maximisation
_FAR = 30.0  # log-odds beyond it are not told apart from certainty

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LegWindows:
    """One speaker's windows on one leg that are evidence."""

    at: Floats  # [n] their centres, seconds
    own: Floats  # [n] log-odds of the speaker's own label

    def evidence(self, limit: float, decorrelation: float, seconds: float = np.inf) -> Evidence:
        """All of it, as the stream adds it up, or as much as `seconds` from the first centre on give."""
        found = Evidence()
        for at, own in zip(self.at, self.limited(limit), strict=True):
            if at - self.at[0] <= seconds:
                found = found.add(float(at), float(own), decorrelation)
        return found

    def limited(self, limit: float) -> Floats:
        """The log-odds, no farther from 0 than `limit`."""
        return np.clip(self.own, -limit, limit)


def leg_windows(hearings: Iterable[Hearing]) -> list[LegWindows]:
    """The evidence on each leg of one speaker; legs with fewer than two such windows are left out."""
    found = []
    for hearing in hearings:
        sign = 1.0 if hearing.script.turns[0].gender == GENDERS[0] else -1.0
        kept = [
            (0.5 * (window.start + window.end), sign * log_odds(window.scores.label, _FAR, window.scores.voice))
            for window in hearing.windows
            if window.scores and window.judgement.is_evidence and _voiced(hearing, window.start, window.end)
        ]
        if len(kept) > 1:
            found.append(LegWindows(*np.array(kept).T))
    return found


def estimate_verdict(legs: Sequence[LegWindows], hop: float, *, mixed: float) -> Verdict:
    """The parameters under which the speakers' labels are likeliest, over LIMITS.

    `mixed`, the share of legs with people of both labels, is no matter of the model, and is given; `stray` and
    `parted` are still the least.
    """
    fits = [calibrated(legs, fit(legs, hop, limit, mixed)) for limit in LIMITS]
    return max(fits, key=lambda verdict: label_likelihood(_asked(legs, verdict), verdict))


def calibrated(legs: Sequence[LegWindows], verdict: Verdict) -> Verdict:
    """`verdict` with the variances under which the speakers' labels are likeliest, of those that sum to twice the mean.

    That is the variance of normal log-odds that are calibrated (van Leeuwen and Brümmer, The Distribution of
    Calibrated Likelihood-Ratios in Speaker Recognition, 2013): one window then says as much as its probability, and
    many say less than their sum. Normals as narrow as most speakers are would be surer than either: mistakes are made
    in the tails, which are heavier.
    """
    asked, variance = _asked(legs, verdict), 2.0 * verdict.mean
    tried = [
        msgspec.structs.replace(
            verdict, between=float(np.sqrt(variance * share)), within=float(np.sqrt(variance * (1.0 - share)))
        )
        for share in SHARES
    ]
    return max(tried, key=lambda each: label_likelihood(asked, each))


def fit(legs: Sequence[LegWindows], hop: float, limit: float, mixed: float = 0.05) -> Verdict:
    """All parameters of log-odds limited to `limit`, as they lie, but `stray` and `parted`; `hop` is in seconds."""
    decorrelation = estimate_decorrelation(legs, hop, limit)
    evidence = [leg.evidence(limit, decorrelation) for leg in legs]
    means, weights = (np.array(each) for each in zip(*((e.total / e.weight, e.weight) for e in evidence), strict=True))
    within = _within(legs, weights, limit)
    mean, between, atypical = mix(means, within**2 / weights)
    return Verdict(
        mean=mean, between=between, within=within, decorrelation=decorrelation, atypical=atypical, limit=limit,
        mixed=mixed, stray=1.0, parted=1.0,
    )  # fmt: skip


def mix(means: Floats, noise: Floats, *, rounds: int = _ROUNDS) -> tuple[float, float, float]:
    """(mean, between, atypical) of speakers' means [n], each known with the variance `noise` [n].

    A mixture of two normals about +mean and -mean with one standard deviation, `between`, fitted by expectation
    maximisation (Dempster, Laird and Rubin 1977); a speaker's true mean is hidden, too. The share about -mean is
    that with Jeffreys' prior: none among n is not never.
    """
    mean, between = float(np.median(means)), float(np.std(means)) + 1e-3
    atypical = 0.05
    for _ in range(rounds):
        variance = between**2 + noise
        odds = np.log(atypical / (1.0 - atypical)) - 2.0 * mean * means / variance
        wrong = 0.5 * (1.0 + np.tanh(0.5 * odds))
        mean = max(float(np.sum((1.0 - 2.0 * wrong) * means / variance) / np.sum(1.0 / variance)), 1e-3)
        shrunk, left = between**2 / variance, between**2 * noise / variance  # of a deviation; its own variance
        square = (1.0 - wrong) * (means - mean) ** 2 + wrong * (means + mean) ** 2
        between = max(float(np.sqrt(np.mean(shrunk**2 * square + left))), 1e-3)
        atypical = min((float(wrong.sum()) + 0.5) / (means.size + 1.0), 0.49)
    return mean, between, atypical


def estimate_decorrelation(legs: Sequence[LegWindows], hop: float, limit: float) -> float:
    """Seconds: hop (1 + 2 Σ ρ_k), over as many lags as Sokal (1997) takes: those within five time constants.

    A leg's own mean takes its variance out of every lag; it is put back, by what was found in the last round:
    that of the mean of exp(-2 d / T) over the leg.
    """
    covariance, lags = _covariance(legs, hop, limit), np.arange(1, _LAGS)
    found, size = hop, np.array([leg.own.size for leg in legs])
    for _ in range(_REFINED):
        part = found / (hop * size)
        share = min(float(np.mean(part * (1.0 - 0.5 * part * -np.expm1(-2.0 / part)))), 0.5)
        taken = covariance[0] * share / (1.0 - share)
        sums = hop * (1.0 + 2.0 * np.cumsum((covariance[1:] + taken) / (covariance[0] + taken)))
        far = np.flatnonzero(lags * hop >= 2.5 * sums)  # the time constant of exp(-2 d / T) is T / 2
        found = max(float(sums[far[0] if far.size else -1]), hop)
    return found


def _covariance(legs: Sequence[LegWindows], hop: float, limit: float) -> Floats:
    """Of windows as many hops apart as the index tells, on the same leg, about the leg's mean: float64[_LAGS]."""
    products, pairs = np.zeros(_LAGS), np.zeros(_LAGS)
    for leg in legs:
        place = np.rint((leg.at - leg.at[0]) / hop).astype(int)
        row = np.full(place[-1] + 1, np.nan)
        row[place] = leg.limited(limit) - leg.limited(limit).mean()
        for lag in range(min(_LAGS, row.size)):
            both = row[: row.size - lag] * row[lag:]
            products[lag] += np.nansum(both)
            pairs[lag] += np.count_nonzero(~np.isnan(both))
    covariance = products / np.maximum(pairs, 1.0)
    covariance[0] = max(covariance[0], 1e-12)
    return covariance


def label_likelihood(evidence: Sequence[Evidence], verdict: Verdict) -> float:
    """Mean log-likelihood of the speakers' own labels, given so much evidence of theirs each."""
    return float(np.mean([np.log(certainty(each.log_odds(verdict), verdict.atypical)) for each in evidence]))


def _asked(legs: Sequence[LegWindows], verdict: Verdict) -> list[Evidence]:
    """What is known of each leg after each of _ASKED."""
    limit, decorrelation = verdict.limit, verdict.decorrelation
    return [leg.evidence(limit, decorrelation, seconds) for leg in legs for seconds in _ASKED]


def with_stray(verdict: Verdict, legs: Sequence[tuple[Script, Decided]]) -> Verdict:
    """`verdict` with the quantiles `stray` and `parted` over legs of one speaker.

    STRAY is that of the other label's independent windows, PARTED of how much all windows look like two people's.
    From the first, legs on which the other label has more are left out: who is heard so is `atypical`, not stray.
    """
    lesser = []
    for script, decided in legs:
        own = GENDERS.index(script.turns[0].gender)
        if decided.weights[own] >= decided.weights[1 - own]:
            lesser.append(decided.weights[1 - own])
    stray = float(np.quantile(lesser, STRAY, method="inverted_cdf")) if lesser else 1.0
    parted = float(np.quantile([decided.two for _, decided in legs], PARTED, method="inverted_cdf"))
    return msgspec.structs.replace(verdict, stray=max(stray, 1.0), parted=max(parted, 1.0))


def hop_of(hearings: Sequence[Hearing]) -> float:
    """Seconds from window to window."""
    return min(two.start - one.start for each in hearings for one, two in pairwise(each.windows))


def _within(legs: Sequence[LegWindows], weights: Floats, limit: float) -> float:
    """Standard deviation of windows about their leg's true mean; the one found takes n / weight of the squares."""
    squares = sum(float(np.sum((leg.limited(limit) - leg.limited(limit).mean()) ** 2)) for leg in legs)
    free = sum(leg.own.size * (1.0 - 1.0 / weight) for leg, weight in zip(legs, weights, strict=True))
    return max(float(np.sqrt(squares / max(free, 1e-9))), 1e-3)


def _voiced(hearing: Hearing, start: float, end: float) -> bool:
    frames = hearing.script.truth[round(start * RATE / FRAME) : round(end * RATE / FRAME)]
    return bool(np.mean(frames != NOBODY) >= VOICED) if frames.size else False
