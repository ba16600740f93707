"""One stream's decisions as messages, numbered without holes in each topic."""

import math
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from models import Model
from stream.decide import CallSummary, Judgement, Turn, shares
from stream.features import energy
from stream.messages import AnyMessage, CallMessage, HandoverTime, Smoothed, TurnMessage, WindowMessage
from stream.records import FULL_SCALE, SAMPLE_RATE, Scores, SpeechVerdict, Window

_QUIETEST_DBFS = -120.0  # what total silence is published as


class Envelope:
    """Writes the messages of the stream `name`; `timed`: they happen now, and say so."""

    def __init__(self, name: str, model: Model, epoch: str, *, timed: bool) -> None:
        self._name, self._epoch, self._timed = name, epoch, timed
        self._identity, self._labels = model.identity, model.spec.labels
        self._written: Counter[type[AnyMessage]] = Counter()

    @property
    def windows(self) -> int:
        """Window messages so far."""
        return self._written[WindowMessage]

    def window(
        self, window: Window, speech: SpeechVerdict, scores: Scores | None, judgement: Judgement,
        *, hop: float, turn: tuple[str, float | None], latency_ms: float | None,
    ) -> WindowMessage:  # fmt: skip
        """One window's decision, and the label and probability of the current turn."""
        first, second = self._labels
        likely = round(scores.label, 4) if scores else 0.0
        return WindowMessage(
            epoch=self._epoch,  # and so on: `_head` would take longer than all the rest, and this is made each hop
            sequence=self._next(WindowMessage),
            time=self._time(),
            model=self._identity,
            stream=self._name,
            start=window.start / SAMPLE_RATE,
            end=window.end / SAMPLE_RATE,
            hop=hop,
            state=judgement.state,
            label=judgement.label,
            reason=judgement.reason,
            probability={first: likely, second: round(1.0 - likely, 4)} if scores else None,
            speech_probability=None if scores is None or scores.speech is None else round(scores.speech, 4),
            vad_ratio=speech.ratio,
            level_dbfs=level_dbfs(window),
            smoothed=Smoothed(label=turn[0], probability=_rounded(turn[1])),
            padded=window.padded,
            gap_before=window.gap_before,
            lost_samples=window.lost,
            latency_ms=latency_ms,
        )

    def turn(self, turn: Turn) -> TurnMessage:
        """A turn whose end is settled."""
        return TurnMessage(
            **self._head(TurnMessage),
            start=round(turn.start, 3),
            end=round(turn.end, 3),
            label=turn.label,
            probability=round(turn.probability, 4),
            windows=turn.windows,
        )

    def call(self, call: CallSummary) -> CallMessage:
        """What the stream as a whole comes to."""
        share = dict.fromkeys(call.speech_seconds, 0.0) | shares(call.speech_seconds)
        return CallMessage(
            **self._head(CallMessage),
            end=round(call.end, 3),
            label=call.label,
            reason=call.reason,
            probability=_rounded(call.probability),
            error_bound=None if call.probability is None else round(1.0 - call.probability, 4),
            decided_after=None if call.decided_after is None else round(call.decided_after, 3),
            speech_seconds={label: round(seconds, 3) for label, seconds in call.speech_seconds.items()},
            share={label: round(part, 4) for label, part in share.items()},
            turns=call.turns,
            handovers=[HandoverTime(at=round(each.at, 3), label=each.label) for each in call.handovers],
            final=call.final,
        )

    def _head(self, kind: type[AnyMessage]) -> dict[str, Any]:
        return {
            "epoch": self._epoch,
            "sequence": self._next(kind),
            "time": self._time(),
            "model": self._identity,
            "stream": self._name,
        }

    def _next(self, kind: type[AnyMessage]) -> int:
        sequence = self._written[kind]
        self._written[kind] = sequence + 1
        return sequence

    def _time(self) -> datetime | None:
        return datetime.now(UTC) if self._timed else None


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 4)


def level_dbfs(window: Window) -> float:
    """RMS level of the window without its padding, in dB of a full-scale square wave; -120 at the least."""
    samples = window.samples[: window.samples.size - window.padded]
    power = energy(samples) / max(samples.size, 1) / FULL_SCALE**2
    return round(max(10.0 * math.log10(max(power, 1e-30)), _QUIETEST_DBFS), 1)
