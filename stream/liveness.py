"""How a stream is: a state with its cause and since when, judged from what the daemon knows anyway. Pure.

`ended` is for good. Otherwise what the source says comes first (it is recovering, or has failed), then whether
anything arrives (stalled), then whether that is anything but zeros (silent).
"""

import msgspec

from stream.records import Condition
from stream.words import LivenessState

TROUBLE: frozenset[LivenessState] = frozenset({"silent", "stalled", "recovering", "failed"})
"""States that have a cause."""

STALLED_SECONDS = 2.0
"""Without a sample, while the worker waits for one."""

SILENT_SECONDS = 2.0
"""Of audio that is nothing but zeros, as no microphone gives and a muted one does."""


class Signs(msgspec.Struct, frozen=True):
    """What is known of a stream at one moment. Times are time.monotonic."""

    captured: int  # samples so far
    heard: float  # when samples last came, or were first awaited
    awaited: bool  # the worker waits for more; otherwise it is the worker who is late
    zeros: float  # seconds of nothing but zeros at the end of what the worker has dealt with
    condition: Condition  # what the source says
    ended: bool


class Liveness:
    """The state of one stream. Used by one thread."""

    def __init__(self, now: float) -> None:
        self.state: LivenessState = "starting"
        self.cause: str | None = None  # of a state in TROUBLE, and of an end in failure
        self.since = now  # of the state
        self.due = now + STALLED_SECONDS  # when to look again, if nothing happens before

    def look(self, now: float, signs: Signs) -> bool:
        """Judge anew. True where trouble has begun, changed or gone, of which somebody should hear at once."""
        before = self.state, self.cause
        state, cause = self._judge(now, signs)
        self.due = max(signs.heard, now if now - signs.heard >= STALLED_SECONDS else 0.0) + STALLED_SECONDS
        if state != self.state:
            self.since = now
        self.state, self.cause = state, cause
        return before != (state, cause) and bool(TROUBLE & {before[0], state})

    def _judge(self, now: float, signs: Signs) -> tuple[LivenessState, str | None]:
        condition = signs.condition
        if signs.ended:
            return "ended", condition.cause if condition.state == "failed" else None
        if condition.state != "capturing":
            return condition.state, condition.cause
        if signs.awaited and now - signs.heard >= STALLED_SECONDS:
            return "stalled", f"no audio for {STALLED_SECONDS:g} s"
        if signs.zeros >= SILENT_SECONDS:
            return "silent", f"nothing but zeros for {SILENT_SECONDS:g} s"
        return ("healthy" if signs.captured else "starting"), None
