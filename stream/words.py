"""The wire's few words, where every side finds them without importing anything: states, reasons, spans, causes."""

from typing import Literal

UNKNOWN = "unknown"
"""In place of a label, where none of the model's is sure."""

ERROR, WARNING = "<3>", "<4>"
"""What a line on standard error begins with where it is more than information: journald's own marks."""

State = Literal["speech", "silence", "noise"]
Reason = Literal["silence", "not_speech", "undecidable", "low_confidence", "mixed", "overload"]
Span = Literal["minute", "hour", "all"]
LossCause = Literal["device", "network", "lapped"]
LivenessState = Literal["starting", "healthy", "silent", "stalled", "recovering", "failed", "ended"]
