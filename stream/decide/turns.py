"""Who speaks now, and since when: a sticky hidden Markov model over windows, followed by online Viterbi.

Three states: either label speaks, or neither (silence, music, a voice that cannot be decided). How well a
window fits a state is its calibrated posterior over the state's prior (Bourlard and Morgan, Connectionist
Speech Recognition, 1994). Windows overlap, so one that comes d seconds after the last counts for d of the
`independent` seconds that a window in full needs, and the same goes for staying in a state: decisions do
not depend on the hop. What a window says of the labels is seen in the light of who spoke lately: two people,
known better and better, and forgotten over `memory` seconds of speech.

A window tells about its centre. The best path to each state knows where each of its segments began, so an
edge is dated back to where the label really changed, between two centres or, where a voice begins, at a
pause near them, though it is only seen a second or two later. A segment is settled when the best paths to
all states share it (Šrámek, Brejová and Vinař, On-line Viterbi Algorithm, 2007), or after `lag` seconds at
the latest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import UNSET

from models import ModelSpec, Turns, provisional
from stream.decide.evidence import Evidence, certainty, log_odds, sigmoid, two_against_one
from stream.decide.pause import pause_end
from stream.decide.people import Pair, People
from stream.records import FRAME_SECONDS
from stream.words import UNKNOWN

NOBODY = 2  # the state without a label; 0 and 1 are the labels'
STATES = (0, 1, NOBODY)

_SOURCES = [[tuple(dict.fromkeys((to, leading, *STATES))) for to in STATES] for leading in STATES]
"""By the state of the leading path, whence a path may come to each state: of equals the first is taken."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of time that belongs to one label."""

    label: str
    start: float  # seconds from the stream's first sample
    end: float
    probability: float  # of the label, by all its windows together
    windows: int  # that were evidence


class Heard(msgspec.Struct, frozen=True, gc=False):
    """One window, as far as it matters for who speaks. Times in seconds from the stream's first sample."""

    start: float
    end: float  # without padding
    centre: float  # what the window is about
    voice: float  # probability that a voice is in it; 0 where it is silent
    frames: bytes | None  # for each 20 ms from the start on the probability of speech, in 255ths; None: nobody knows
    log_odds: float | None = None  # of the first label, limited; None: no evidence
    proof: float | None = None  # the same for a verdict, less where it may be a child; None as above
    kind: float | None = None  # log-odds that the voice is of one of the labels' kinds; None: nobody asks
    timbre: Sequence[float] | None = None  # how it sounds; None: nobody knows


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A stretch of a path in one state."""

    state: int
    start: float
    known: Pair  # who it may be, as far as they were known when it began
    evidence: Evidence = Evidence()
    probability: float = 0.5  # of the state's label
    named: bool = False  # whether that suffices, with hysteresis
    end: float = math.inf  # once it is over


class Path(msgspec.Struct, frozen=True, gc=False):
    """The best way to one state: the segments that are not settled yet, and all its evidence so far."""

    closed: tuple[Segment, ...]
    open: Segment
    parts: tuple[Evidence, Evidence] = (Evidence(), Evidence())  # of all windows in either label's state


class _Step(msgspec.Struct, frozen=True):
    """What the time from one window's centre to the next alone decides."""

    passed: float  # seconds
    weight: float  # of the window, and of staying in a state: its part of the `independent` seconds
    log_moves: list[list[float]]  # log-probabilities: to each state, from each; to stay costs its part
    moves: list[list[float]]  # probabilities, to each state, from each
    independent: float  # windows that this one is worth
    kept: float  # of what was heard lately


class TurnFilter:
    """One stream's turns."""

    def __init__(self, spec: ModelSpec) -> None:
        self._turns, self._speakers = spec.turns or provisional.TURNS, spec.verdict or provisional.VERDICT
        self._labels = spec.labels
        least = self._turns.decidable
        self._least = log_odds(spec.thresholds.decidable if least is UNSET else least, self._speakers.limit)
        self._rare = log_odds(1.0 - self._speakers.mixed, math.inf)
        self._people = People(self._speakers, spec.timbre or None)
        self._paths = self._begun(0.0)
        self._scores = [0.0, 0.0, 0.0]  # log-likelihood of each path
        self._leading = NOBODY
        self.two = -math.inf  # log Bayes factor of two people against one, as far as the best path parts their windows
        self._parted = self.best.parts
        self._last: Heard | None = None
        self._step = _step(self._turns, self._turns.independent, self._speakers.decorrelation)

    def update(self, heard: Heard) -> list[Turn]:
        """Go on with a window that begins after the last one; the turns that it settles."""
        last, step = self._last, self._step
        if last is not None and (passed := heard.centre - last.centre) != step.passed:
            self._step = step = _step(self._turns, passed, self._speakers.decorrelation)
        whose = 0.5, 0.5
        if heard.log_odds is not None:
            two = sigmoid(self.two - self._rare)
            tilt = math.tanh(0.5 * self._people.tell(heard.log_odds, heard.timbre, two))
            whose = 0.5 * (1.0 + tilt), 0.5 * (1.0 - tilt)  # sigmoids
            heard = self._decidable(heard, whose)
        fits = self._fits(heard, whose, step.weight if last else 1.0)
        if last is None:
            self._begin(heard, fits)
        else:
            self._extend(last, heard, fits)
        self._people.hear(
            heard.log_odds, fits, step.moves, weight=step.independent, kept=step.kept, timbre=heard.timbre
        )
        self._last = heard
        self._leading = max((self._leading, *STATES), key=self._scores.__getitem__)
        parts = self.best.parts
        if parts is not self._parted:
            self._parted = parts
            self.two = two_against_one(parts, self._speakers) if parts[0].windows and parts[1].windows else -math.inf
        before = heard.centre - self._turns.lag
        turns = self._settled(before) if self.best.closed else []
        for state, path in enumerate(self._paths):
            if path.closed and path.closed[0].end < before:  # what the best path has not told by now, none tells later
                self._scores[state] = -math.inf
        return turns

    def pending(self) -> list[Turn]:
        """The turns that are not settled yet, as it looks now; the last goes on, unless nothing follows."""
        return [self._turn(segment) for segment in (*self.best.closed, self.best.open) if segment.named]

    def label_at(self, at: float) -> str:
        """Whose turn it is at a time that is not settled yet (seconds), or unknown."""
        for segment in (*self.best.closed, self.best.open):
            if segment.start <= at < segment.end and segment.named:
                return self._labels[segment.state]
        return UNKNOWN

    @property
    def best(self) -> Path:
        """The path that explains all windows so far best."""
        return self._paths[self._leading]

    @property
    def current(self) -> tuple[str, float | None]:
        """Label of the current turn and its probability; unknown and None where there is none."""
        segment = self.best.open
        return (self._labels[segment.state], segment.probability) if segment.named else (UNKNOWN, None)

    def _begun(self, start: float) -> list[Path]:
        return [Path((), Segment(state, start, self._people.pair)) for state in STATES]

    def _decidable(self, heard: Heard, whose: tuple[float, float]) -> Heard:
        """`heard`; as if there were no voice, where who it likely is cannot be decided."""
        if heard.kind is None:
            return heard
        kind = self._people.kind(heard.kind, whose, weight=self._step.independent, kept=self._step.kept)
        return heard if kind >= self._least else Heard(heard.start, heard.end, heard.centre, 0.0, heard.frames)

    def _begin(self, heard: Heard, fits: tuple[float, float, float]) -> None:
        self._scores = [*fits]
        self._paths = [self._counted(path, path.closed, path.open, heard) for path in self._begun(heard.start)]

    def _fits(self, heard: Heard, whose: tuple[float, float], weight: float) -> tuple[float, float, float]:
        """Log of each state's posterior over its prior, 1/4, 1/4 and 1/2.

        whose: probabilities of the labels, where there is a voice; weight: how much the window counts.
        """
        doubt, log = self._turns.doubt, math.log
        voice = _within(heard.voice, doubt)
        nobody = weight * log(1.0 - voice)
        one, other = whose
        first, second = log(2.0 * voice * _within(one, doubt)), log(2.0 * voice * _within(other, doubt))
        return weight * first, weight * second, nobody

    def _extend(self, last: Heard, heard: Heard, fits: tuple[float, float, float]) -> None:
        """Find the best path to each state, one window later."""
        between = heard.centre - 0.5 * self._step.passed
        gap = (last.end, heard.start) if last.end < heard.start else None  # no turn lies in one
        before, scores, paths = self._scores, [], []
        for to, sources in enumerate(_SOURCES[self._leading]):
            source, score, moves, fit = to, -math.inf, self._step.log_moves[to], fits[to]
            for at in sources:
                reached = before[at] + moves[at] + fit
                if reached > score:
                    source, score = at, reached
            path = self._paths[source]
            closed, was = path.closed, path.open
            if source != to:
                end, start = gap or (_edge(between, was, to, heard),) * 2
                over = Segment(was.state, was.start, was.known, was.evidence, was.probability, was.named, end)
                closed, was = (*closed, over), Segment(to, start, self._people.pair)
            scores.append(score)
            paths.append(self._counted(path, closed, was, heard))
        self._scores, self._paths = scores, paths

    def _counted(self, path: Path, closed: tuple[Segment, ...], was: Segment, heard: Heard) -> Path:
        """`path` with the segments `closed` and `was`, and the window's evidence where the state is a label's.

        One that speaks for neither is no evidence: of which label's it would be, chance would say.
        """
        state, log_odds, proof, speakers = was.state, heard.log_odds, heard.proof, self._speakers
        if state == NOBODY or not log_odds or proof is None:
            return path if was is path.open else Path(closed, was, path.parts)
        at, (first, second) = heard.centre, path.parts
        if state == 0:
            first = first.add(at, proof, speakers.decorrelation)
        else:
            second = second.add(at, proof, speakers.decorrelation)
        evidence = was.evidence.add(at, log_odds, speakers.decorrelation)
        odds = evidence.log_odds(speakers, was.known)
        probability = certainty(odds if state == 0 else -odds, speakers.atypical)
        named = probability >= (self._turns.leave if was.named else self._turns.enter)
        return Path(closed, Segment(state, was.start, was.known, evidence, probability, named), (first, second))

    def _settled(self, before: float) -> list[Turn]:
        """Turns that all paths share, or that ended `before` this time (seconds)."""
        turns = []
        while self.best.closed:
            oldest = self.best.closed[0]
            shared = [path.closed[:1] == (oldest,) for path in self._paths]
            if not all(shared) and oldest.end >= before:
                break
            self._scores = [score if has else -math.inf for score, has in zip(self._scores, shared, strict=True)]
            self._paths = [
                Path(path.closed[1:] if has else (), path.open, path.parts)
                for path, has in zip(self._paths, shared, strict=True)
            ]
            if oldest.named:
                turns.append(self._turn(oldest))
        return turns

    def _turn(self, segment: Segment) -> Turn:
        """The turn that `segment` is."""
        end = self._last.end if self._last and segment is self.best.open else segment.end
        return Turn(self._labels[segment.state], segment.start, end, segment.probability, segment.evidence.windows)


def _edge(between: float, was: Segment, to: int, heard: Heard) -> float:
    """Where the segment that `was` gives way to the one in state `to`: to a voice, at its first word."""
    if heard.frames is not None and to != NOBODY:
        between = pause_end(between, heard.start, heard.frames)
    return max(between, was.start + FRAME_SECONDS)


def _within(probability: float, doubt: float) -> float:
    """No nearer to 0 and 1 than `doubt`."""
    if probability < doubt:
        return doubt
    return probability if probability < 1.0 - doubt else 1.0 - doubt


def _step(turns: Turns, passed: float, decorrelation: float) -> _Step:
    full = max(passed, turns.independent)
    weight = passed / full
    log_moves = [[math.log(each) for each in row] for row in _transitions(turns, full)]
    for state in STATES:
        log_moves[state][state] *= weight
    return _Step(
        passed=passed,
        weight=weight,
        log_moves=log_moves,
        moves=_transitions(turns, passed),
        independent=min(passed / decorrelation, 1.0),
        kept=math.exp(-passed / turns.memory),
    )


def _transitions(turns: Turns, seconds: float) -> list[list[float]]:
    """Probabilities to each state, from each, after `seconds`, in continuous time.

    The rates' matrix is symmetric in the labels, so it falls into two processes with one rate each: voice
    against none, and, while there is voice, one label against the other.
    """
    leave, begin = (1.0 - turns.direct) / turns.turn, 1.0 / turns.pause  # to no voice and from it, per second
    mixing = -math.expm1(-(leave + begin) * seconds)
    silenced, begun = leave / (leave + begin) * mixing, begin / (leave + begin) * mixing
    apart = math.exp(-(leave + 2.0 * turns.direct / turns.turn) * seconds)  # still rather this than that label
    same, other = 0.5 * (1.0 - silenced + apart), 0.5 * (1.0 - silenced - apart)
    return [[same, other, 0.5 * begun], [other, same, 0.5 * begun], [silenced, silenced, 1.0 - begun]]
