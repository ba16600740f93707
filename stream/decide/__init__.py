"""From probabilities to labels: one window, then turns, speaking time and a verdict. Pure Python, no I/O."""

from stream.decide.leg import CallSummary, Handover, Leg
from stream.decide.share import SPANS, SpeakingTime, shares
from stream.decide.turns import Turn
from stream.decide.verdict import VerdictSettings
from stream.decide.window import SKIPPED, Judgement, judge

__all__ = [
    "SKIPPED",
    "SPANS",
    "CallSummary",
    "Handover",
    "Judgement",
    "Leg",
    "SpeakingTime",
    "Turn",
    "VerdictSettings",
    "judge",
    "shares",
]
