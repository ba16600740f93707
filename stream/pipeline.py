"""One stream, from its ring to the sinks: the whole product in one loop."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from models import Model
from stream.classify import Classifier
from stream.decide import SKIPPED, CallSummary, Leg, Turn, VerdictSettings, judge, shares
from stream.envelope import Envelope
from stream.features import build_extractor
from stream.liveness import Liveness, Signs
from stream.messages import AnyMessage, Quantile, StreamHealth
from stream.overload import OverloadSettings, Stride
from stream.records import CAUSES, SAMPLE_RATE, AudioBlock, Gap, Scores, SpeechVerdict, Window
from stream.resample import Resampler
from stream.ring import Mark, Ring
from stream.vad import Vad, VadSettings
from stream.windows import Windows, WindowSettings

_LATENCIES = 120  # windows over which health gives quantiles: a minute at the usual hop
_PATIENCE = 5.0  # seconds for which recordings at full speed let everything go first that sounds now


class Sink(Protocol):
    """Takes every message, on the worker thread: it must not wait."""

    def take(self, message: AnyMessage) -> None:
        """Do with `message` what the sink is for."""


class Listener(Protocol):
    """Hears the audio itself, at 16 kHz; only `--save-audio` and `--plot` do."""

    def hear(self, piece: AudioBlock | Gap) -> None:
        """Go on with `piece`."""

    def close(self) -> None:
        """Nothing follows."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the streams of one daemon share."""

    model: Model
    classifier: Classifier
    windows: WindowSettings
    vad: VadSettings
    epoch: str
    take: Callable[[AnyMessage], None]
    verdict: VerdictSettings = VerdictSettings()  # noqa: RUF009 - frozen
    overload: OverloadSettings = OverloadSettings()  # noqa: RUF009 - frozen


class Tuning(msgspec.Struct, frozen=True):
    """The settings that may change while streams go on."""

    vad: VadSettings
    verdict: VerdictSettings
    overload: OverloadSettings


class Pipeline:
    """Reads one ring, decides each window, hands a message to the sinks. Used by one thread."""

    def __init__(
        self, name: str, ring: Ring, rate: int, setup: Setup, *, timed: bool, listeners: Sequence[Listener]
    ) -> None:
        spec = setup.model.spec
        self.name = name
        self.ended = False
        self.liveness = Liveness(time.monotonic())
        self._ring, self._rate, self._setup, self._timed, self._listeners = ring, rate, setup, timed, listeners
        self._resampler = Resampler(rate)
        self._windows = Windows(spec.window, setup.windows.hop_samples)
        if rate == SAMPLE_RATE:  # others come in blocks of the resampler's
            ring.pace = math.gcd(spec.window, setup.windows.hop_samples)
        self._vad = Vad(setup.vad)
        self._extract = build_extractor(spec.features, sample_rate=spec.sample_rate, window=spec.window)
        self._unseen = 0  # samples that the features have not seen yet
        self._leg = Leg(spec, setup.verdict)
        self._stride = Stride(setup.overload, setup.windows.hop) if ring.live else None  # who waits skips nothing
        self._skipped = 0
        self._envelope = Envelope(name, setup.model, setup.epoch, timed=timed)
        self._processed, self._zeros = 0, 0
        self._hurried = False  # nothing is decided on any more
        self._lost: Counter[str] = Counter()  # in gaps that have been read
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)

    def advance(self) -> bool:
        """Decide what the ring's next samples complete. True where more can be done at once."""
        if self.ended:
            return False
        piece = self._ring.read(self._wanted)
        if piece is not None:
            if self._hurried and isinstance(piece, AudioBlock):
                piece = Gap(piece.start, piece.samples.size, "lapped", estimated=False)
            self._count(piece)
            for part in self._resampler.push(piece):
                self._hear(part)
        if self._ring.exhausted:
            self._finish()
            return False
        return self._ring.await_position(self._ring.position + self._wanted)

    def hurry(self) -> bool:
        """Decide on nothing more: audio that waits, or still comes, is lost and counted. Whether any waits."""
        self._hurried = True
        return self._ring.mark.position > self._ring.position

    def adopt(self, tuning: Tuning) -> None:
        """Decide on what follows by `tuning`."""
        self._vad.adopt(tuning.vad)
        self._leg.adopt(tuning.verdict)
        if self._stride:
            self._stride.adopt(tuning.overload)

    @property
    def due(self) -> float:
        """Until when (time.monotonic) to go on: live, until a hop after the next window's last sample came."""
        position = self._ring.position + self._wanted
        if self._ring.live and position <= self._ring.mark.position:  # else it is woken for another reason than audio
            return self._ring.arrival(position, self._rate) + self._setup.windows.hop
        return time.monotonic() + (self._setup.windows.hop if self._timed else _PATIENCE)

    def abandon(self) -> None:
        """Give up: read nothing any more, so that a source that waits for room ends."""
        self.ended = True
        self._ring.abandon()

    def _hear(self, piece: AudioBlock | Gap) -> None:
        for listener in self._listeners:
            listener.hear(piece)
        self._vad.hear(piece)
        for window in self._windows.cut(piece):
            self._decide(window)

    def _decide(self, window: Window) -> None:
        speech, came = self._vad.judge(window), self._arrival(window)
        self._unseen = min(self._unseen + window.fresh, window.samples.size)
        skipped = not self._admits(came) and self._is_for_model(speech)
        scores = None if skipped else self._score(window, speech)
        judgement = SKIPPED if skipped else judge(speech, scores, self._setup.model.spec)
        start, end = window.start / SAMPLE_RATE, (window.end - window.padded) / SAMPLE_RATE
        frames = speech.frames if self._setup.model.spec.gate == "vad" else None
        news = [] if skipped else self._leg.hear(start, end, judgement, scores, frames)
        self._setup.take(
            self._envelope.window(
                window, speech, scores, judgement, hop=self._setup.windows.hop_samples / SAMPLE_RATE,
                turn=self._leg.current, latency_ms=self._latency(came) if self._timed else None,
            )
        )  # fmt: skip
        self._publish(news)
        self._skipped += skipped

    def _publish(self, news: Sequence[Turn | CallSummary]) -> None:
        for each in news:
            self._setup.take(self._envelope.turn(each) if isinstance(each, Turn) else self._envelope.call(each))

    def _score(self, window: Window, speech: SpeechVerdict) -> Scores | None:
        if not self._is_for_model(speech):
            return None
        features = self._extract(window.samples, self._unseen)
        self._unseen = 0
        return self._setup.classifier(features)

    def _is_for_model(self, speech: SpeechVerdict) -> bool:
        return self._setup.model.spec.gate == "none" or speech.is_speech

    def _admits(self, came: float) -> bool:
        """Whether there is time for the model. Who can wait skips nothing."""
        return self._stride is None or self._stride.admits(_age(came))

    def _finish(self) -> None:
        for piece in self._resampler.finish():
            self._hear(piece)
        if not self._ring.broken:
            for window in self._windows.finish():
                self._decide(window)
        self._publish(self._leg.finish())
        for listener in self._listeners:
            listener.close()
        self.ended = True

    @property
    def _wanted(self) -> int:
        """Samples of the source that the next window still needs."""
        return self._resampler.needed(self._windows.missing)

    def _count(self, piece: AudioBlock | Gap) -> None:
        if isinstance(piece, Gap):
            self._lost[piece.cause] += piece.length
        else:
            self._processed += piece.samples.size
            self._zeros = 0 if piece.samples[-1] or piece.samples.any() else self._zeros + piece.samples.size

    def _arrival(self, window: Window) -> float:
        """When (time.monotonic) its last sample came."""
        return self._ring.arrival((window.end - window.padded) * self._rate // SAMPLE_RATE, self._rate)

    def _latency(self, came: float) -> float:
        latency = round(_age(came) * 1000.0, 3)
        self._latencies.append(latency)
        return latency

    def look(self, now: float, attentive: float = 0.0) -> bool:
        """See how the stream is. True where that is news. `attentive`: since when the worker itself has looked on."""
        mark = self._ring.mark
        return self.liveness.look(
            now,
            Signs(
                captured=_captured(mark),
                heard=max(mark.heard, attentive),
                awaited=self._ring.starved,
                zeros=self._zeros / self._rate,
                condition=self._ring.condition,
                ended=self.ended,
            ),
        )

    def health(self, attentive: float = 0.0) -> StreamHealth:
        """Counters since the stream began, in samples of the source."""
        self.look(time.monotonic(), attentive)
        mark, condition = self._ring.mark, self._ring.condition
        captured = _captured(mark)
        gaps_ahead = sum(mark.skipped.values()) - (self._lost.total() - self._lost["lapped"])
        speaking = self._leg.speaking
        return StreamHealth(
            state=self.liveness.state,
            cause=self.liveness.cause,
            state_seconds=round(time.monotonic() - self.liveness.since, 3),
            sample_rate=self._rate,
            captured=captured,
            processed=self._processed,
            waiting=mark.position - self._ring.position - gaps_ahead,
            lost={cause: self._lost[cause] if cause == "lapped" else mark.skipped.get(cause, 0) for cause in CAUSES},
            overflows=condition.overflows,
            restarts=condition.restarts,
            drift_ppm=condition.drift_ppm,
            windows=self._envelope.windows,
            skipped=self._skipped,
            stride=self._stride.stride if self._stride else 1,
            speaking_seconds=_rounded(speaking["all"], 3),
            speaking_share={span: _rounded(shares(seconds), 4) for span, seconds in speaking.items()},
            latency_ms=_quantiles(self._latencies) if self._latencies else None,
        )


def _age(came: float) -> float:
    """Seconds since then."""
    return max(time.monotonic() - came, 0.0)


def _captured(mark: Mark) -> int:
    return mark.position - sum(mark.skipped.values()) if mark.skipped else mark.position


def _quantiles(latencies: deque[float]) -> dict[Quantile, float]:
    """Of all values, the least that so many are not above."""
    ordered = sorted(latencies)
    last = len(ordered) - 1
    return {"p50": ordered[last // 2], "p99": ordered[last - len(ordered) // 100], "max": ordered[last]}


def _rounded(values: Mapping[str, float], digits: int) -> dict[str, float]:
    return {name: round(value, digits) for name, value in values.items()}
