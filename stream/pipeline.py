"""One stream, from its ring to the sinks: the whole product in one loop."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

import numpy as np

from models import Model
from stream.classify import Classifier
from stream.decide import Judgement, Smoother, SpeakingTime, judge
from stream.features import build_extractor
from stream.messages import AnyMessage, Smoothed, StreamHealth, WindowMessage
from stream.records import SAMPLE_RATE, AudioBlock, Gap, Scores, SpeechVerdict, Window
from stream.resample import Resampler
from stream.ring import Ring
from stream.vad import Vad, VadSettings
from stream.windows import Windows, WindowSettings

_QUIETEST_DBFS = -120.0  # what total silence is published as
_LATENCIES = 1024  # windows over which health gives quantiles


class Sink(Protocol):
    """Takes every message, on the worker thread: it must not wait."""

    def take(self, message: AnyMessage) -> None:
        """Do with `message` what the sink is for."""


class Listener(Protocol):
    """Hears the audio itself, at 16 kHz; only `--save-audio` does."""

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


class Pipeline:
    """Reads one ring, decides each window, hands a message to the sinks. Used by one thread."""

    def __init__(
        self, name: str, ring: Ring, rate: int, setup: Setup, *, timed: bool, listener: Listener | None
    ) -> None:
        spec = setup.model.spec
        self.name = name
        self.state: Literal["starting", "healthy", "ended"] = "starting"
        self.speaking = SpeakingTime()
        self._ring, self._rate, self._setup, self._timed, self._listener = ring, rate, setup, timed, listener
        self._resampler = Resampler(rate)
        self._windows = Windows(spec.window, setup.windows.hop_samples)
        self._vad = Vad(setup.vad)
        self._extract = build_extractor(spec.features, sample_rate=spec.sample_rate, window=spec.window)
        self._unseen = 0  # samples that the features have not seen yet
        self._smoother = Smoother(spec.smoothing, spec.labels)
        self._sequence = 0
        self._processed = 0
        self._lost: Counter[str] = Counter()
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)

    def advance(self) -> bool:
        """Decide what the ring's next samples complete. True where more can be done at once."""
        if self.state == "ended":
            return False
        piece = self._ring.read(self._wanted)
        if piece is not None:
            self._count(piece)
            for part in self._resampler.push(piece):
                self._hear(part)
        if self._ring.exhausted:
            self._finish()
            return False
        return self._ring.await_position(self._ring.position + self._wanted)

    def abandon(self) -> None:
        """Give up: read nothing any more, so that a source that waits for room ends."""
        self.state = "ended"
        self._ring.abandon()

    def _hear(self, piece: AudioBlock | Gap) -> None:
        if self._listener:
            self._listener.hear(piece)
        self._vad.hear(piece)
        for window in self._windows.cut(piece):
            self._decide(window)

    def _decide(self, window: Window) -> None:
        speech = self._vad.judge(window)
        scores = self._score(window, speech)
        judgement = judge(speech, scores, self._setup.model.spec)
        evidence = scores.label if scores and judgement.is_evidence else None
        self._smoother.update(window.end / SAMPLE_RATE, evidence)
        spoken = judgement.label if judgement.state == "speech" else None
        self.speaking.add(spoken, window.start / SAMPLE_RATE, (window.end - window.padded) / SAMPLE_RATE)
        self._setup.take(self._message(window, speech, scores, judgement))
        self.state = "healthy"

    def _score(self, window: Window, speech: SpeechVerdict) -> Scores | None:
        self._unseen = min(self._unseen + window.fresh, window.samples.size)
        if self._setup.model.spec.gate == "vad" and not speech.is_speech:
            return None
        features = self._extract(window.samples, self._unseen)
        self._unseen = 0
        return self._setup.classifier(features)

    def _finish(self) -> None:
        for piece in self._resampler.finish():
            self._hear(piece)
        for window in self._windows.finish():
            self._decide(window)
        if self._listener:
            self._listener.close()
        self.state = "ended"

    @property
    def _wanted(self) -> int:
        """Samples of the source that the next window still needs."""
        return -(-self._windows.missing * self._rate // SAMPLE_RATE)

    def _count(self, piece: AudioBlock | Gap) -> None:
        if isinstance(piece, Gap):
            self._lost[piece.cause] += piece.length
        else:
            self._processed += piece.samples.size

    def _message(
        self, window: Window, speech: SpeechVerdict, scores: Scores | None, judgement: Judgement
    ) -> WindowMessage:
        first, second = self._setup.model.spec.labels
        likely = round(scores.label, 4) if scores else 0.0
        turn = self._smoother
        message = WindowMessage(
            epoch=self._setup.epoch,
            sequence=self._sequence,
            time=datetime.now(UTC) if self._timed else None,
            model=self._setup.model.identity,
            stream=self.name,
            start=window.start / SAMPLE_RATE,
            end=window.end / SAMPLE_RATE,
            hop=self._setup.windows.hop_samples / SAMPLE_RATE,
            state=judgement.state,
            label=judgement.label,
            reason=judgement.reason,
            probability={first: likely, second: round(1.0 - likely, 4)} if scores else None,
            speech_probability=None if scores is None or scores.speech is None else round(scores.speech, 4),
            vad_ratio=speech.ratio,
            level_dbfs=level_dbfs(window),
            smoothed=Smoothed(
                label=turn.label, probability=None if turn.probability is None else round(turn.probability, 4)
            ),
            padded=window.padded,
            gap_before=window.gap_before,
            lost_samples=window.lost,
            latency_ms=self._latency(window) if self._timed else None,
        )
        self._sequence += 1
        return message

    def _latency(self, window: Window) -> float:
        last = (window.end - window.padded) * self._rate // SAMPLE_RATE
        latency = round(max(time.monotonic() - self._ring.arrival(last, self._rate), 0.0) * 1000.0, 3)
        self._latencies.append(latency)
        return latency

    def health(self) -> StreamHealth:
        """Counters since the stream began, in samples of the source."""
        mark = self._ring.mark
        captured = mark.position - mark.skipped
        quantiles = np.quantile(self._latencies, (0.5, 0.99, 1.0)).tolist() if self._latencies else None
        return StreamHealth(
            state=self.state,
            sample_rate=self._rate,
            captured=captured,
            processed=self._processed,
            waiting=captured - self._processed - self._lost["lapped"],
            lost={"device": mark.skipped, "lapped": self._lost["lapped"]},
            windows=self._sequence,
            speaking_seconds={label: round(value, 3) for label, value in self.speaking.seconds.items()},
            latency_ms=dict(zip(("p50", "p99", "max"), quantiles, strict=True)) if quantiles else None,
        )


def level_dbfs(window: Window) -> float:
    """RMS level of the window without its padding, in dB of a full-scale square wave; -120 at the least."""
    samples = window.samples[: window.samples.size - window.padded].astype(np.float32)
    power = float(np.dot(samples, samples)) / max(samples.size, 1) / 32768.0**2
    return round(max(10.0 * float(np.log10(max(power, 1e-30))), _QUIETEST_DBFS), 1)
