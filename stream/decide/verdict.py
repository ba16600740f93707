"""One answer for a whole leg: a sequential test that abstains until it may speak.

After Wald (Sequential Analysis, 1947), with equal priors: a label is said once its log-odds reach
ln((1 - e) / e) for the configured error e. It stands until half of that is gone, so that doubt alone does
not make it flicker; then it is withdrawn, or the other label is said.

Two people: the leg is mixed where the windows in turns of either label would suffice for a verdict of their
own, and two speakers explain them better than one (Kass and Raftery, Bayes Factors, 1995) by so much that it
outweighs how few legs have people of both labels (`mixed`). Somebody who shouts or laughs for a moment is
wrong in many windows together: where either label has no more than such `stray` windows, nobody took over.
And since the turns were chosen for parting the windows well, those of one speaker look a little like two
people's, too: it must be more than `parted`.
"""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from models import Verdict
from stream.decide.evidence import Evidence, certainty
from stream.words import UNKNOWN


class VerdictSettings(msgspec.Struct, frozen=True):
    """When a stream as a whole gets a label."""

    verdict_error: Annotated[
        float,
        Meta(
            ge=0.0001,
            le=0.2,
            description="error rate of a call's verdict, 0.05 is faster; speakers whose voice is "
            "heard as the other label however long they speak come on top (see error_bound)",
            extra={"reloads": True},
        ),
    ] = 0.01


class Standing(msgspec.Struct, frozen=True):
    """What the test says now."""

    label: str = UNKNOWN
    mixed: bool = False  # unknown because people of both labels speak


class SequentialTest:
    """The verdict on one stream, revised as evidence comes."""

    def __init__(self, settings: VerdictSettings, speakers: Verdict, labels: tuple[str, str]) -> None:
        self._speakers, self._labels = speakers, labels
        self.adopt(settings)
        self._rare = math.log((1.0 - speakers.mixed) / speakers.mixed)
        self._log_odds = 0.0
        self.standing = Standing()

    def adopt(self, settings: VerdictSettings) -> None:
        """From the next evidence on, go by these `settings`."""
        error = settings.verdict_error
        self._needed = math.log((1.0 - error) / error)
        self._seen: tuple[Evidence, Evidence] | None = None

    def update(self, parts: tuple[Evidence, Evidence], two: float) -> bool:
        """Look at all evidence so far, that of either label's turns apart. True where the verdict changes.

        two: log Bayes factor of two people against one.
        """
        if parts is self._seen:  # most windows of a silence: nothing can change
            return False
        self._seen = parts
        before = self.standing
        self._log_odds = (parts[0] | parts[1]).log_odds(self._speakers)
        self.standing = Standing(mixed=True) if self._is_mixed(parts, two) else Standing(self._label())
        return self.standing != before

    def _is_mixed(self, parts: tuple[Evidence, Evidence], two: float) -> bool:
        if min(parts[0].weight, parts[1].weight) < self._speakers.stray:
            return False
        needed = self._needed * (0.5 if self.standing.mixed else 1.0)
        if min(parts[0].log_odds(self._speakers), -parts[1].log_odds(self._speakers)) < needed:
            return False
        return two >= max(needed + self._rare, self._speakers.parted)

    def _label(self) -> str:
        label = self._labels[0 if self._log_odds > 0.0 else 1]
        needed = self._needed * (0.5 if label == self.standing.label else 1.0)
        return label if abs(self._log_odds) >= needed else UNKNOWN

    @property
    def probability(self) -> float | None:
        """Of the label, atypical speakers included; None where it is unknown."""
        if self.standing.label == UNKNOWN:
            return None
        return certainty(abs(self._log_odds), self._speakers.atypical)
