"""A first smoothing over windows: the decayed mean of the log-odds, with hysteresis.

Each window that is evidence counts with weight 1, halved every `half_life` seconds. Overlapping windows
are not independent, so they are averaged and never summed: more of the same does not make it surer.
"""

import math

from models import Smoothing
from stream.decide.window import UNKNOWN

_SUREST = 1e-4  # probabilities are taken no nearer to 0 and 1 than this: one window must not outweigh all


class Smoother:
    """The current turn of one stream."""

    def __init__(self, settings: Smoothing, labels: tuple[str, str]) -> None:
        self._settings = settings
        self._labels = labels
        self._sum = 0.0  # of weighted log-odds
        self._weight = 0.0
        self._last: float | None = None  # end of the last window, seconds
        self._heard: float | None = None  # end of the last window that was evidence, seconds
        self.label = UNKNOWN

    def update(self, end: float, probability: float | None) -> None:
        """Go on with the window that ends at `end` seconds; `probability` of the first label, None: no evidence."""
        if self._last is not None:
            decay = 0.5 ** ((end - self._last) / self._settings.half_life)
            self._sum *= decay
            self._weight *= decay
        self._last = end
        if probability is not None:
            self._sum += _log_odds(probability)
            self._weight += 1.0
            self._heard = end
        elif self._heard is not None and end - self._heard >= self._settings.forget:
            self._sum = self._weight = 0.0
            self._heard = None
        self.label = self._decide()

    @property
    def probability(self) -> float | None:
        """Of the turn's label; None where it is unknown."""
        if self.label == UNKNOWN:
            return None
        return self._of_first if self.label == self._labels[0] else 1.0 - self._of_first

    @property
    def _of_first(self) -> float:
        mean = self._sum / self._weight if self._weight else 0.0
        return 0.5 * (1.0 + math.tanh(0.5 * mean))

    def _decide(self) -> str:
        odds = dict(zip(self._labels, (self._of_first, 1.0 - self._of_first), strict=True))
        for label, probability in odds.items():
            needed = self._settings.leave if label == self.label else self._settings.enter
            if probability >= needed and probability > 0.5:
                return label
        return UNKNOWN


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, _SUREST), 1.0 - _SUREST)
    return math.log(bounded / (1.0 - bounded))
