"""Who speaks now, and since when: a sticky hidden Markov model over windows, followed by online Viterbi.

Three states: either label speaks, or neither (silence, music, a voice that cannot be decided). How well a
window fits a state is its calibrated posterior over the state's prior (Bourlard and Morgan, Connectionist
Speech Recognition, 1994). Windows overlap, so one that comes d seconds after the last counts for d of the
`independent` seconds that a window in full needs, and the same goes for staying in a state: decisions do
not depend on the hop. What a window says of the labels is seen in the light of who spoke lately: each path
knows the two people whom it has heard, better and better, and forgets them over `memory` seconds of speech.

A window tells about its centre. The best path to each state knows where each of its segments began, so an
edge is dated back to where the label really changed, between two centres, though it is only seen a second
or two later. A segment is settled when the best paths to all states share it (Šrámek, Brejová and Vinař,
On-line Viterbi Algorithm, 2007), or after `lag` seconds at the latest.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from models import Turns, Verdict
from stream.decide.evidence import Evidence, Pair, any_pair, certainty, meet, sigmoid
from stream.words import UNKNOWN

NOBODY = 2  # the state without a label; 0 and 1 are the labels'
STATES = (0, 1, NOBODY)


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of time that belongs to one label."""

    label: str
    start: float  # seconds from the stream's first sample
    end: float
    probability: float  # of the label, by all its windows together
    windows: int  # that were evidence


class Heard(NamedTuple):
    """One window, as far as it matters for who speaks. Times in seconds from the stream's first sample."""

    start: float
    end: float  # without padding
    voice: float  # probability that a voice of one of the labels is in it; 0 where it is silent
    log_odds: float | None  # of the first label, limited; None: no evidence

    @property
    def centre(self) -> float:
        """What the window is about."""
        return 0.5 * (self.start + self.end)


class Segment(NamedTuple):
    """A stretch of a path in one state."""

    state: int
    start: float
    end: float
    known: Pair  # who it may be, as far as they were known when it began
    evidence: Evidence = Evidence()
    named: bool = False  # whether the label's probability suffices, with hysteresis


class Path(NamedTuple):
    """The best way to one state: its score, the segments that are not settled yet, and all its evidence so far."""

    score: float  # log-likelihood
    closed: tuple[Segment, ...]
    open: Segment
    pair: Pair  # who speaks, by what was heard lately
    parts: tuple[Evidence, Evidence] = (Evidence(), Evidence())  # of all windows in either label's state
    lately: tuple[Evidence, Evidence] = (Evidence(), Evidence())  # the same, fading

    def turned(self, state: int, end: float, start: float) -> "Path":
        """The path whose segment ended at `end`, while one in another `state` began at `start` (seconds)."""
        was, began, _, known, evidence, named = self.open
        closed = (*self.closed, Segment(was, began, end, known, evidence, named))
        return Path(self.score, closed, Segment(state, start, start, self.pair), self.pair, self.parts, self.lately)


class TurnFilter:
    """One stream's turns."""

    def __init__(self, turns: Turns, speakers: Verdict, labels: tuple[str, str]) -> None:
        self._turns, self._speakers, self._labels = turns, speakers, labels
        self._usual = _log_transitions(turns, turns.independent)
        self._paths = self._begun(0.0, 0.0)
        self._leading = NOBODY
        self._last: Heard | None = None

    def update(self, heard: Heard) -> list[Turn]:
        """Go on with a window that begins after the last one; the turns that it settles."""
        if self._last is None:
            begun = self._begun(heard.start, heard.end)
            self._paths = [self._counted(path, self._fits(path, heard)[path.open.state], heard, 1.0) for path in begun]
        else:
            self._paths = self._extended(self._last, heard)
        self._last = heard
        scores = [path.score for path in self._paths]
        self._leading = max((self._leading, *STATES), key=scores.__getitem__)
        return list(self._settled(heard.centre - self._turns.lag))

    def pending(self) -> list[Turn]:
        """The turns that are not settled yet, as it looks now; the last goes on, unless nothing follows."""
        return [turn for segment in (*self.best.closed, self.best.open) for turn in self._turn(segment)]

    def label_at(self, at: float) -> str:
        """Whose turn it is at a time that is not settled yet (seconds), or unknown."""
        for segment in (*self.best.closed, self.best.open):
            if segment.named and segment.start <= at < segment.end:
                return self._labels[segment.state]
        return UNKNOWN

    @property
    def best(self) -> Path:
        """The path that explains all windows so far best."""
        return self._paths[self._leading]

    @property
    def current(self) -> tuple[str, float | None]:
        """Label of the current turn and its probability; unknown and None where there is none."""
        for turn in self._turn(self.best.open):
            return turn.label, turn.probability
        return UNKNOWN, None

    def _begun(self, start: float, end: float) -> list[Path]:
        pair = any_pair(self._speakers)
        return [Path(0.0, (), Segment(state, start, end, pair), pair) for state in STATES]

    def _fits(self, path: Path, heard: Heard) -> tuple[float, float, float]:
        """Log of each state's posterior over its prior, 1/4, 1/4 and 1/2, to whom `path` has heard so far."""
        doubt, first, second = self._turns.doubt, 0.5, 0.5
        most = 1.0 - doubt
        if heard.log_odds is not None:
            odds = Evidence(heard.log_odds, 1.0).log_odds(self._speakers, path.pair)
            first, second = min(max(sigmoid(odds), doubt), most), min(max(sigmoid(-odds), doubt), most)
        voice = min(max(heard.voice, doubt), most)
        return math.log(2.0 * voice * first), math.log(2.0 * voice * second), math.log(1.0 - voice)

    def _extended(self, last: Heard, heard: Heard) -> list[Path]:
        """The best path to each state, one window later."""
        centre = heard.centre
        passed = centre - last.centre
        full = max(passed, self._turns.independent)
        weight = passed / full
        moves = self._usual if full == self._turns.independent else _log_transitions(self._turns, full)
        edge = centre - 0.5 * passed
        edges = min(edge, last.end), max(edge, heard.start)  # two where windows do not touch: no turn lies in a gap
        kept = math.exp(-passed / self._turns.memory)
        fits = [self._fits(path, heard) for path in self._paths]
        paths = []
        for to in STATES:
            reached = [
                path.score + moves[at][to] * (weight if at == to else 1.0) + weight * fits[at][to]
                for at, path in enumerate(self._paths)
            ]
            source = max((to, self._leading, *STATES), key=reached.__getitem__)  # of equals the first
            path = self._paths[source] if source == to else self._paths[source].turned(to, *edges)
            paths.append(self._counted(path, reached[source], heard, kept))
        return paths

    def _counted(self, path: Path, score: float, heard: Heard, kept: float) -> Path:
        """`path` at its new score, with the window's evidence where its state is a label's.

        Of what was heard lately `kept` stays.
        """
        state, start, _, known, evidence, named = path.open
        if state == NOBODY or heard.log_odds is None:
            segment = Segment(state, start, heard.end, known, evidence, named)
            return Path(score, path.closed, segment, path.pair, path.parts, path.lately)
        window = heard.centre, heard.log_odds, self._speakers.decorrelation
        evidence, parts = evidence.add(*window), _added(path.parts, state, window)
        lately = _added((path.lately[0].faded(kept), path.lately[1].faded(kept)), state, window)
        named = self._probability(state, evidence, known) >= (self._turns.leave if named else self._turns.enter)
        segment = Segment(state, start, heard.end, known, evidence, named)
        return Path(score, path.closed, segment, meet(lately, self._speakers), parts, lately)

    def _settled(self, before: float) -> Iterator[Turn]:
        """Turns that all paths share, or that ended `before` this time (seconds)."""
        while self.best.closed:
            oldest = self.best.closed[0]
            shared = [path.closed[:1] == (oldest,) for path in self._paths]
            if not all(shared) and oldest.end >= before:
                return
            self._paths = [
                path._replace(closed=path.closed[1:]) if has else path._replace(score=-math.inf, closed=())
                for path, has in zip(self._paths, shared, strict=True)
            ]
            yield from self._turn(oldest)

    def _turn(self, segment: Segment) -> Iterator[Turn]:
        """The turn that `segment` is, where its label is sure enough."""
        if segment.named:
            label, windows = self._labels[segment.state], segment.evidence.windows
            probability = self._probability(segment.state, segment.evidence, segment.known)
            yield Turn(label, segment.start, segment.end, probability, windows)

    def _probability(self, state: int, evidence: Evidence, known: Pair) -> float:
        odds = evidence.log_odds(self._speakers, known)
        return certainty(odds if state == 0 else -odds, self._speakers.atypical)


def _added(
    parts: tuple[Evidence, Evidence], state: int, window: tuple[float, float, float]
) -> tuple[Evidence, Evidence]:
    first, second = parts
    return (first.add(*window), second) if state == 0 else (first, second.add(*window))


def _log_transitions(turns: Turns, seconds: float) -> list[list[float]]:
    """Log-probabilities of state to state after `seconds`, in continuous time.

    The rates' matrix is symmetric in the labels, so it falls into two processes with one rate each: voice
    against none, and, while there is voice, one label against the other.
    """
    leave, begin = (1.0 - turns.direct) / turns.turn, 1.0 / turns.pause  # to no voice and from it, per second
    mixing = -math.expm1(-(leave + begin) * seconds)
    silenced, begun = leave / (leave + begin) * mixing, begin / (leave + begin) * mixing
    apart = math.exp(-(leave + 2.0 * turns.direct / turns.turn) * seconds)  # still rather this than that label
    same, other = 0.5 * (1.0 - silenced + apart), 0.5 * (1.0 - silenced - apart)
    rows = [[same, other, silenced], [other, same, silenced], [0.5 * begun, 0.5 * begun, 1.0 - begun]]
    return [[math.log(each) for each in row] for row in rows]
