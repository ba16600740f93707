"""Speaking time: how many seconds each label has, and how many are unknown speech; lately, and since the beginning."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import get_args

import msgspec

from stream.words import UNKNOWN, Span

SPANS: tuple[Span, ...] = get_args(Span)

_BUCKETS: dict[Span, float] = {"minute": 1.0, "hour": 60.0}  # seconds of each
_COUNT = 60  # buckets kept


Seconds = defaultdict[str, float]
"""By label."""


class _Speech(msgspec.Struct, frozen=True, gc=False):
    at: float  # seconds from the stream's first sample
    seconds: float
    sparse: bool  # among so little that it may be noise: counts in a turn only


class SpeakingTime:
    """Seconds of speech by label. Memory is bounded: the last minute and hour are counted in 60 parts each.

    Whose the last seconds are is asked anew as long as they are not settled: a turn's edge is seen late.
    """

    def __init__(self, label_at: Callable[[float], str]) -> None:
        """`label_at` tells whose turn it was at a time that is not settled yet (seconds), or unknown."""
        self._label_at = label_at
        self._unsettled = deque[_Speech]()
        self._all = _nothing()
        self._recent = {span: deque[tuple[int, Seconds]](maxlen=_COUNT) for span in _BUCKETS}

    def add(self, at: float, seconds: float, *, sparse: bool = False) -> None:
        """`seconds` more of speech, about the time `at`; what is `sparse` counts where it is in a turn."""
        self._unsettled.append(_Speech(at, seconds, sparse))

    def settle(self, before: float) -> None:
        """What was said before this time (seconds) has the label that it has now, for good."""
        unsettled = self._unsettled
        while unsettled and unsettled[0].at < before:
            speech = unsettled.popleft()
            at, label = speech.at, self._label_at(speech.at)
            if speech.sparse and label == UNKNOWN:
                continue
            self._all[label] += speech.seconds
            for span, buckets in self._recent.items():
                number = int(at // _BUCKETS[span])
                if not buckets or buckets[-1][0] != number:
                    buckets.append((number, _nothing()))
                buckets[-1][1][label] += speech.seconds

    def seconds(self, now: float) -> dict[Span, Seconds]:
        """Seconds of speech by label in the minute and the hour that end `now` (seconds), and in all the time."""
        unsettled = [(speech, self._label_at(speech.at)) for speech in self._unsettled]
        counted = [(speech, label) for speech, label in unsettled if not (speech.sparse and label == UNKNOWN)]
        return {span: self._in(span, now, counted) for span in SPANS}

    def _in(self, span: Span, now: float, unsettled: list[tuple[_Speech, str]]) -> Seconds:
        if span == "all":
            found, since = self._all.copy(), 0.0
        else:
            length = _BUCKETS[span]
            first = int(now // length) - _COUNT + 1
            found, since = _nothing(), first * length
            for number, seconds in self._recent[span]:
                if number >= first:
                    for label, value in seconds.items():
                        found[label] += value
        for speech, label in unsettled:
            if speech.at >= since:
                found[label] += speech.seconds
        return found


def _nothing() -> Seconds:
    return defaultdict(float)


def shares(seconds: Mapping[str, float]) -> dict[str, float]:
    """The part that each label has of all, 0 to 1 and 1 together; empty where nothing was said."""
    total = sum(seconds.values())
    return {label: value / total for label, value in seconds.items()} if total else {}
