"""All that is decided over time on one stream: its turns, its speaking time, and a verdict."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from models import ModelSpec, provisional
from stream.decide.evidence import Evidence, log_odds, sigmoid
from stream.decide.share import SpeakingTime
from stream.decide.turns import Heard, Turn, TurnFilter
from stream.decide.verdict import SequentialTest, VerdictSettings
from stream.decide.window import Judgement
from stream.records import FRAME_SECONDS, Scores
from stream.words import UNKNOWN, Reason, Span, State

_MOST_HANDOVERS = 100  # that a summary lists: the last ones
_SURELY = bytes([0] + [255] * 255)  # the detector's 1 as a probability


@dataclass(frozen=True, slots=True)
class Handover:
    """Another label takes over."""

    at: float  # seconds from the stream's first sample
    label: str


@dataclass(frozen=True, slots=True)
class CallSummary:
    """What a leg came to, as far as it went."""

    end: float  # seconds heard
    label: str
    reason: Reason | None  # why it is unknown
    probability: float | None
    decided_after: float | None  # seconds of speech
    speech_seconds: dict[str, float]  # by label, and unknown
    turns: int
    handovers: tuple[Handover, ...]
    final: bool


class _Window(msgspec.Struct, frozen=True, gc=False):
    start: float  # seconds
    end: float
    centre: float
    state: State
    frames: bytes | None  # for each 20 ms the probability of speech, in 255ths; None: all of it is, or none

    def spoken(self, start: float, end: float) -> float:
        """Seconds of speech between two times in it."""
        if self.state == "noise":
            return 0.0
        if self.frames is None:
            return end - start if self.state == "speech" else 0.0
        # Half-way is up, and so the same frame in this window and the next.
        first = int((start - self.start) / FRAME_SECONDS + 0.5 + 1e-6)
        last = int((end - self.start) / FRAME_SECONDS + 0.5 + 1e-6)
        return FRAME_SECONDS / 255 * sum(self.frames[first:last])


class Leg:
    """Hears each window's judgement, in order; tells turns as they are settled and verdicts as they change."""

    def __init__(self, spec: ModelSpec, settings: VerdictSettings) -> None:
        self._turns = spec.turns or provisional.TURNS
        self._speakers = spec.verdict or provisional.VERDICT
        self._labels = spec.labels
        self._filter = TurnFilter(spec)
        self._test = SequentialTest(settings, self._speakers, spec.labels)
        self._lately = deque[Turn]()  # settled, but perhaps asked about
        self._speaking = SpeakingTime(
            partial(_label_at, self._lately, self._filter)
        )  # no cycle: a leg is freed at once
        self._told = 0  # turns settled
        self._holder: str | None = None  # label of the last of them
        self._handovers = deque[Handover](maxlen=_MOST_HANDOVERS)
        self._reasons: Counter[Reason] = Counter()
        self._decided_after: float | None = None
        self._end = 0.0  # seconds heard
        self._kind = Evidence()  # log-odds that who speaks is of one of the labels' kinds, no child
        self._least = log_odds(spec.thresholds.decidable, self._speakers.limit)  # of a window
        self._last: _Window | None = None
        self._voice_before: float | None = None  # probability of a voice in that; None: the model was not asked

    def adopt(self, settings: VerdictSettings) -> None:
        """From the next window on, go by these `settings`."""
        self._test.adopt(settings)

    def hear(
        self, start: float, end: float, judgement: Judgement, scores: Scores | None, frames: bytes | None = None
    ) -> list[Turn | CallSummary]:
        """Go on with the window from `start` to `end` (seconds, without padding).

        frames: the detector's, a byte for each 20 ms, 1 where it is speech; what the model tells of them goes before.
        Where there are none of either, all of it is speech.
        """
        centre = 0.5 * (start + end)
        frames = frames and frames.translate(_SURELY)
        if scores and (told := scores.frames):
            frames = told + (frames or b"")[len(told) :]
        heard = self._heard(start, end, judgement, scores, frames)
        self._voice_before = scores.voice if scores else None
        if judgement.reason:
            self._reasons[judgement.reason] += 1
        self._count(_Window(start, end, centre, judgement.state, frames))
        self._end = end
        turns = self._filter.update(heard)
        self._note(turns)
        self._forget(centre - self._turns.lag)
        if not self._test.update(self.parts, self._filter.two):
            return [*turns]
        decided = self._test.standing.label != UNKNOWN
        self._decided_after = sum(self.speaking_seconds("all").values()) if decided else None
        return [*turns, self._summary(self._filter.pending(), final=False)]

    def finish(self) -> list[Turn | CallSummary]:
        """Nothing follows: the last turns, and the final summary; nothing where no window was heard."""
        if not self._end:
            return []
        if self._last:
            self._speak(self._last, self._last.centre, self._last.end)
        turns = self._filter.pending()
        self._note(turns)
        return [*turns, self._summary([], final=True)]

    @property
    def parts(self) -> tuple[Evidence, Evidence]:
        """All evidence so far, that of either label's turns apart: what the verdict is founded on."""
        return self._filter.best.parts

    @property
    def current(self) -> tuple[str, float | None]:
        """Label of the current turn and its probability; unknown and None where there is none."""
        return self._filter.current

    @property
    def speaking(self) -> Mapping[Span, Mapping[str, float]]:
        """Seconds of speech by label, and unknown, in each span."""
        return self._speaking.seconds(self._end)

    def speaking_seconds(self, span: Span) -> dict[str, float]:
        """Seconds of speech by label, and unknown, in the last `span`; empty where none."""
        return dict(self.speaking[span])

    def _summary(self, pending: list[Turn], *, final: bool) -> CallSummary:
        seconds = self.speaking["all"]
        return CallSummary(
            end=self._end,
            label=self._test.standing.label,
            reason=self._reason(),
            probability=self._test.probability,
            decided_after=self._decided_after,
            speech_seconds={label: seconds.get(label, 0.0) for label in (*self._labels, UNKNOWN)},
            turns=self._told + len(pending),
            handovers=(*self._handovers, *_handovers(pending, self._holder)),
            final=final,
        )

    def _count(self, window: _Window) -> None:
        """Count the speech around the last window's centre, and up to this one's: each has what is nearest to it."""
        edge = window.start
        if self._last:
            edge = max(edge, 0.5 * (self._last.centre + window.centre))
            self._speak(self._last, self._last.centre, min(edge, self._last.end))
        self._speak(window, edge, window.centre)
        self._last = window

    def _speak(self, window: _Window, start: float, end: float) -> None:
        if seconds := window.spoken(start, end):
            self._speaking.add(0.5 * (start + end), seconds, sparse=window.state == "silence")

    def _note(self, turns: list[Turn]) -> None:
        self._told += len(turns)
        self._handovers += _handovers(turns, self._holder)
        self._holder = turns[-1].label if turns else self._holder
        self._lately += turns

    def _forget(self, before: float) -> None:
        """Settle what lies `before` this time (seconds)."""
        self._speaking.settle(before)
        while self._lately and self._lately[0].end < before:
            self._lately.popleft()

    def _heard(
        self, start: float, end: float, judgement: Judgement, scores: Scores | None, frames: bytes | None
    ) -> Heard:
        """The window, as far as it matters for who speaks."""
        centre = 0.5 * (start + end)
        if scores is None or judgement.reason == "silence":
            return Heard(start, end, centre, 0.0, frames)
        if judgement.reason == "not_speech":
            return Heard(start, end, centre, scores.voice, frames)
        kind, limit = None, self._speakers.limit
        if scores.decidable is not None:
            kind = log_odds(scores.decidable, limit)
            self._kind = self._kind.add(centre, kind, self._speakers.decorrelation)
        voice = self._surely_voice(start, scores)
        found = log_odds(scores.label, limit, voice)
        proof = log_odds(scores.label, limit, voice * self._decidable)
        return Heard(start, end, centre, scores.voice, frames, found, proof, kind, scores.timbre)

    @property
    def _decidable(self) -> float:
        """Probability that who speaks is of one of the labels' kinds, no child, by all windows so far.

        One half where their mean is the threshold that a window must reach.
        """
        return sigmoid(self._kind.total / self._kind.weight - self._least) if self._kind.windows else 1.0

    def _surely_voice(self, start: float, scores: Scores) -> float:
        """Probability of a voice by this window and the one that it overlaps: music is taken for one now and then."""
        before = self._voice_before if self._last and start < self._last.end else None
        return scores.voice if before is None else 0.5 * (scores.voice + before)

    def _reason(self) -> Reason | None:
        """Why there is no verdict: both spoke, or too little evidence, or whatever there was instead of it."""
        standing = self._test.standing
        if standing.label != UNKNOWN:
            return None
        if standing.mixed:
            return "mixed"
        if any(part.windows for part in self.parts):
            return "low_confidence" if self._decidable >= 0.5 else "undecidable"
        return next((reason for reason, _ in self._reasons.most_common() if reason != "silence"), "silence")


def _handovers(turns: Iterable[Turn], holder: str | None) -> Iterator[Handover]:
    """Where another label begins than the one before, which is the holder's at first."""
    for turn in turns:
        if holder not in (None, turn.label):
            yield Handover(turn.start, turn.label)
        holder = turn.label


def _label_at(lately: Iterable[Turn], turns: TurnFilter, at: float) -> str:
    """Whose turn it was, among those that were settled lately and those that are not."""
    for turn in lately:
        if turn.start <= at < turn.end:
            return turn.label
    return turns.label_at(at)
