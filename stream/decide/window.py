"""One window's decision: a label, or `unknown` with its reason."""

import msgspec

from models import ModelSpec
from stream.records import Scores, SpeechVerdict
from stream.words import UNKNOWN, Reason, State


class Judgement(msgspec.Struct, frozen=True):
    """What a window is taken for, before anything is smoothed."""

    state: State
    label: str  # one of the model's labels, or `unknown`
    reason: Reason | None  # why it is unknown

    @property
    def is_evidence(self) -> bool:
        """Whether the window says something about the label: a decidable voice, however sure."""
        return self.reason in (None, "low_confidence")


SKIPPED = Judgement("speech", UNKNOWN, "overload")
"""A window that the model was not asked about for want of time. Speech, says the VAD, as far as it was asked."""


def judge(speech: SpeechVerdict, scores: Scores | None, spec: ModelSpec) -> Judgement:
    """Decide on a window from the VAD's verdict and the model's `scores` (None where it was not asked)."""
    if scores is None or (spec.gate == "vad" and not speech.is_speech):
        return Judgement("silence", UNKNOWN, "silence")
    limits = spec.thresholds
    if scores.speech is not None and scores.speech < limits.speech:
        return Judgement("noise", UNKNOWN, "not_speech")
    if scores.decidable is not None and scores.decidable < limits.decidable:
        return Judgement("speech", UNKNOWN, "undecidable")
    first, second = spec.labels
    if scores.label >= limits.label and scores.label > 0.5:
        return Judgement("speech", first, None)
    if 1.0 - scores.label >= limits.label and scores.label < 0.5:
        return Judgement("speech", second, None)
    return Judgement("speech", UNKNOWN, "low_confidence")
