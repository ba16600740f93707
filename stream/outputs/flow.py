"""Whether windows really flow, judged from health messages alone. Pure.

A stream flows while what its worker has dealt with grows, and windows with it. It is idle for a good reason while
there is nothing to deal with: no audio comes (whatever its liveness state says about why), or so little that no
window is full yet, or it lies in pieces between losses. Anything else is stuck:

- enough audio for any window waits, and the worker takes none of it;
- the worker takes audio without loss, and no window comes of it;
- nobody looks at the stream any more: what health says of it has not changed at all, not even its age. That is
  what remains of a worker process that hangs, or has died.
"""

from typing import NamedTuple

from stream.messages import HealthMessage, StreamHealth

STUCK_SECONDS = 15.0
"""How long that lasts before it counts: three health messages."""

_MOST_BETWEEN_SECONDS = 5.0  # that count between two messages: who was held up gets another chance
_LONGEST_WINDOW_SECONDS = 5.0  # that any model has
_BARREN_SECONDS = 10.0  # of audio without loss: enough for any window, at any hop


class _Progress(NamedTuple):
    """The last time at which all was well with a stream."""

    when: float
    last: StreamHealth  # as it was last heard of
    looked: float  # when that had changed
    fruitful: StreamHealth  # as it was when a window came, or something was lost


class Flow:
    """Remembers each stream's last progress."""

    def __init__(self) -> None:
        self._streams: dict[str, _Progress] = {}
        self._asked: float | None = None  # when, last
        self._time = 0.0  # seconds that count

    def stuck(self, health: HealthMessage, now: float) -> str:
        """The first stream that does not flow, in words; empty where all do. `now` in seconds, never set."""
        self._time += min(now - (now if self._asked is None else self._asked), _MOST_BETWEEN_SECONDS)
        self._asked = now
        going = {name: stream for name, stream in health.streams.items() if stream.state != "ended"}
        self._streams = {name: self._progress(name, stream, self._time) for name, stream in going.items()}
        for name, progress in self._streams.items():
            lasted = self._time - min(progress.when, progress.looked)
            if lasted >= STUCK_SECONDS:
                return f"stuck: {name} has not gone on for {lasted:.0f} s"
        return ""

    def _progress(self, name: str, stream: StreamHealth, now: float) -> _Progress:
        before = self._streams.get(name)
        if before is None:
            return _Progress(now, stream, now, stream)
        news = stream.windows != before.fruitful.windows or stream.lost != before.fruitful.lost
        fruitful = stream if news else before.fruitful
        barren = stream.processed - fruitful.processed > _BARREN_SECONDS * stream.sample_rate
        taken = stream.processed != before.last.processed
        idle = stream.waiting < _LONGEST_WINDOW_SECONDS * stream.sample_rate
        when = now if (taken or idle) and not barren else before.when
        return _Progress(when, stream, now if stream != before.last else before.looked, fruitful)
