"""From probabilities to labels: one window, then smoothed over windows. Pure Python, no I/O."""

from stream.decide.share import SpeakingTime
from stream.decide.smooth import Smoother
from stream.decide.window import Judgement, judge

__all__ = ["Judgement", "Smoother", "SpeakingTime", "judge"]
