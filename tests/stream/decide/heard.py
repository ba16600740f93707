"""A leg that hears windows made by hand, without audio, and all that it tells."""

from collections.abc import Sequence

import msgspec
from hypothesis import strategies as st

from models import ModelSpec, Timbre, load_model, provisional
from stream.decide import CallSummary, Leg, Turn, VerdictSettings, judge
from stream.records import Scores, SpeechVerdict

WINDOW = 2.0  # seconds
SPEAKERS, TURNS = provisional.VERDICT, provisional.TURNS
TIMBRE = Timbre(size=2, between=5.0)
SPEC = msgspec.structs.replace(load_model().spec, labels=("a", "b"), verdict=SPEAKERS, turns=TURNS, timbre=TIMBRE)
SPEECH, QUIET = SpeechVerdict(0.9, True), SpeechVerdict(0.0, False)

Said = float | None
"""A window: the first label's probability in it, or None: silence."""

exact = st.integers(0, 256).map(lambda n: n / 256)  # 1 - p has no rounding error
said = st.lists(st.none() | exact, max_size=80)
hops = st.sampled_from([0.1, 0.25, 0.5, 1.0, 2.0])


class Heard:
    """A leg, and all that it has told."""

    def __init__(self, spec: ModelSpec = SPEC, error: float = 0.01, frames: bytes | None = None) -> None:
        """`frames`: of the stream from its beginning, 1 where it is speech, for as long as it is heard."""
        self.leg = Leg(spec, VerdictSettings(verdict_error=error))
        self.spec, self.frames = spec, frames
        self.told: list[Turn | CallSummary] = []
        self.currents: list[tuple[str, float | None]] = []
        self.at = 0.0

    def hear(
        self,
        windows: Sequence[Said],
        hop: float = 0.5,
        *,
        speech: float = 1.0,
        decidable: float = 1.0,
        timbre: Sequence[float] | None = None,
    ) -> "Heard":
        """Go on with `windows`: each so surely a voice, so surely one of the labels' kinds, and sounding so."""
        for window in windows:
            verdict, scores = (QUIET, None) if window is None else (SPEECH, Scores(speech, decidable, window, timbre))
            first = round(self.at * 50)
            frames = self.frames if self.frames is None else self.frames[first : first + round(WINDOW * 50)]
            self.told += self.leg.hear(self.at, self.at + WINDOW, judge(verdict, scores, self.spec), scores, frames)
            self.currents.append(self.leg.current)
            self.at += hop
        return self

    def finish(self) -> "Heard":
        """End the stream."""
        self.told += self.leg.finish()
        return self

    @property
    def turns(self) -> list[Turn]:
        """All turns told so far."""
        return [each for each in self.told if isinstance(each, Turn)]

    @property
    def calls(self) -> list[CallSummary]:
        """All summaries told so far."""
        return [each for each in self.told if isinstance(each, CallSummary)]


def voices(*parts: tuple[float, Said], hop: float = 0.5) -> list[Said]:
    """Windows of what is `said` for so many seconds each, one after the other: of the part at a window's centre."""
    ends, at = [], 0.0
    for seconds, _ in parts:
        at += seconds
        ends.append(at)
    centres = [0.5 * WINDOW + i * hop for i in range(int((at - WINDOW) / hop + 1e-9) + 1)]
    return [next(each for end, (_, each) in zip(ends, parts, strict=True) if centre < end) for centre in centres]
