"""What windows that overlap are worth together: their mean log-odds, and how many independent ones they equal.

A window's log-odds x of the first label are the speaker's own mean m plus noise that dies away with the
distance of windows: an Ornstein-Uhlenbeck process, whose autocorrelation exp(-2 d / T) has the integral T
(`decorrelation`). Generalised least squares for the mean of such a process (Aitken 1935) need nothing but
the window before: with r = exp(-2 d / T), window k adds (x_k - r x_{k-1}) / (1 + r) to the sum and
(1 - r) / (1 + r) = tanh(d / T) to the number of independent windows. Hearing the same audio in twice as
many windows therefore makes nothing surer.

Speakers differ: given the label, m is normal about +mean or -mean with the standard deviation `between`.
The mean over n independent windows has the variance between² + within² / n, and the log-odds of the label
are 2 mean m / (between² + within² / n): they saturate at what differences between speakers allow.
"""

import math

import msgspec

from models import Verdict
from stream.decide.people import Pair, any_pair


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """Immutable; `add` returns the next."""

    total: float = 0.0  # of the log-odds, each counted for what is new in it
    weight: float = 0.0  # independent windows
    windows: int = 0
    last: float = 0.0  # log-odds of the last window
    at: float = 0.0  # its centre, seconds

    def __or__(self, other: "Evidence") -> "Evidence":
        """Both together, as far apart as they are."""
        return Evidence(self.total + other.total, self.weight + other.weight, self.windows + other.windows)

    def add(self, at: float, log_odds: float, decorrelation: float) -> "Evidence":
        """Go on with the window whose centre is at `at`, after the last one's (seconds)."""
        if not self.windows:
            return Evidence(log_odds, 1.0, 1, log_odds, at)
        alike = math.exp(-2.0 * (at - self.at) / decorrelation)
        both = 1.0 + alike
        total = self.total + (log_odds - alike * self.last) / both
        return Evidence(total, self.weight + (1.0 - alike) / both, self.windows + 1, log_odds, at)

    def log_odds(self, speakers: Verdict, pair: Pair | None = None) -> float:
        """Of the first label against the second for one speaker, one of the `pair`; the atypical ones left out."""
        return (pair or any_pair(speakers)).log_odds(self.total, self.weight, speakers.within)


def two_against_one(parts: tuple[Evidence, Evidence], speakers: Verdict) -> float:
    """Log Bayes factor: one speaker of either label made either part, against one of either label who made both.

    That windows are one speaker's is the normal integral over m, ½ ((Σx / within² + mean / between²)² / p - mean² /
    between² - ln(between² p)) with the precision p = n / within² + 1 / between², but for terms in the windows alone.
    """
    one, other = parts
    within, known = 1.0 / speakers.within**2, 1.0 / speakers.between**2
    usual = speakers.mean * known
    first, second = one.weight * within + known, other.weight * within + known
    whole = first + second - known
    apart = (one.total * within + usual) ** 2 / first + (other.total * within - usual) ** 2 / second
    together = (abs(one.total + other.total) * within + usual) ** 2 / whole
    return 0.5 * (apart - together - speakers.mean * usual - math.log(first * second / (whole * known)))


def log_odds(probability: float, limit: float, voice: float = 1.0) -> float:
    """ln(p / (1 - p)), no farther from 0 than `limit`: no window outweighs all others.

    voice: probability that there is a voice at all; if there is none, either label is as likely.
    """
    either = 0.5 * (1.0 - voice)
    first, second = voice * probability + either, voice * (1.0 - probability) + either
    if not (first > 0.0 and second > 0.0):
        return math.copysign(limit, first - second)
    exact = math.log(first) - math.log(second)  # a difference: its sign alone changes with the label
    return min(max(exact, -limit), limit)


def sigmoid(log_odds: float) -> float:
    """1 / (1 + exp(-x)) without overflow."""
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))


def certainty(log_odds: float, atypical: float) -> float:
    """Probability of a label from its log-odds: at most 1 - `atypical`, for some speakers sound like the other."""
    return atypical + (1.0 - 2.0 * atypical) * sigmoid(log_odds)
