"""A call through the stream's own pipeline, once; what is decided over time on it, for any parameters."""

from dataclasses import dataclass, field

from models import Model, ModelSpec, UnusableError, provisional
from stream.classify import Classifier
from stream.decide import CallSummary, Judgement, Leg, Turn, VerdictSettings
from stream.decide.evidence import two_against_one
from stream.messages import AnyMessage, CallMessage, WindowMessage
from stream.pipeline import Setup
from stream.records import SAMPLE_RATE, Features, Scores
from stream.streams import Streams
from stream.vad import VadSettings
from stream.windows import WindowSettings
from training.calls.simulate import GENDERS, Call, Script
from training.gate import FRAME, voiced_frames


@dataclass(frozen=True, slots=True)
class HeardWindow:
    """One window, as `Leg.hear` takes it."""

    start: float  # seconds
    end: float  # without padding
    judgement: Judgement
    scores: Scores | None
    frames: bytes  # of the VAD, as in SpeechVerdict


@dataclass(frozen=True, slots=True)
class Hearing:
    """A call's windows, and the call messages that the pipeline itself published."""

    script: Script
    windows: list[HeardWindow]
    published: list[CallMessage]


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a call."""

    turns: list[Turn]
    summaries: list[CallSummary]  # the last one is final; empty where no window was heard
    weights: tuple[float, float]  # independent windows in either label's turns
    two: float  # log Bayes factor of two people, each with the windows in one label's turns, against one

    @property
    def verdicts(self) -> list[CallSummary]:
        """Those that say a label."""
        return [summary for summary in self.summaries if summary.label != "unknown"]


class Ear:
    """Hears calls one after the other with one model."""

    def __init__(self, model: Model, *, verdict_error: float = 0.01) -> None:
        """Raises UnusableError where the model's labels are not GENDERS."""
        if model.spec.labels != GENDERS:
            raise UnusableError(f"{model.identity} tells {model.spec.labels}: calls are made of {GENDERS}")
        self._classifier = _Noting(Classifier(model))
        self._messages: list[AnyMessage] = []
        self._setup = Setup(
            model=model,
            classifier=self._classifier,  # type: ignore[arg-type] - called the same way
            windows=WindowSettings(),
            vad=VadSettings(),
            epoch="calls",
            take=self._messages.append,
            verdict=VerdictSettings(verdict_error=verdict_error),
        )

    def __call__(self, call: Call) -> Hearing:
        """Through ring, VAD, features, model and decisions, as `genderstream score` does it."""
        self._messages.clear()
        self._classifier.noted.clear()
        ring = Streams(self._setup, None, print).open("call", rate=SAMPLE_RATE, live=False, timed=False)
        ring.write(call.samples)
        ring.close()
        noted, voiced = iter(self._classifier.noted), voiced_frames(call.samples).tobytes()
        windows = [
            HeardWindow(
                message.start,
                (end := message.end - message.padded / SAMPLE_RATE),
                Judgement(message.state, message.label, message.reason),
                next(noted) if message.probability else None,
                voiced[round(message.start * SAMPLE_RATE / FRAME) : int(end * SAMPLE_RATE / FRAME)],
            )
            for message in self._messages
            if isinstance(message, WindowMessage)
        ]
        return Hearing(call.script, windows, [each for each in self._messages if isinstance(each, CallMessage)])


@dataclass(slots=True)
class _Noting:
    """The classifier, whose scores are noted: messages have them rounded."""

    classify: Classifier
    noted: list[Scores] = field(default_factory=list)

    def __call__(self, features: Features) -> Scores:
        self.noted.append(self.classify(features))
        return self.noted[-1]


def decide(hearing: Hearing, spec: ModelSpec, *, verdict_error: float) -> Decided:
    """All that the stream decides over time on the windows of `hearing`, with the parameters of `spec`."""
    leg = Leg(spec, VerdictSettings(verdict_error=verdict_error))
    news: list[Turn | CallSummary] = []
    for window in hearing.windows:
        news += leg.hear(window.start, window.end, window.judgement, window.scores, window.frames)
    parts = first, second = leg.parts
    two = two_against_one(parts, spec.verdict or provisional.VERDICT)
    news += leg.finish()
    turns = [each for each in news if isinstance(each, Turn)]
    return Decided(turns, [each for each in news if isinstance(each, CallSummary)], (first.weight, second.weight), two)
