"""What subscribers read: the typed messages, their topics, their JSON, and the JSON Schemas made from them.

Names here are a contract: add, never rename.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from stream.clocks import ClockHealth
from stream.words import LivenessState, LossCause, Reason, Span, State

Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, Meta(ge=0.0)]
Count = Annotated[int, Meta(ge=0)]
StreamName = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,64}$")]

PERCEIVED = (
    "The labels of the model that ships, female and male, mean the gender that listeners would perceive in the "
    "voice, in two classes only; they say nothing about who a person is. Another model's mean what its card says."
)


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema"):
    """What every message has."""

    epoch: Annotated[str, Meta(description="random identifier of this run of the daemon")]
    sequence: Annotated[int, Meta(ge=0, description="0, 1, 2, … for each topic and epoch, without holes")]
    time: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="UTC when it was published; null for recordings played at full speed"),
    ]
    model: Annotated[str, Meta(description="name@ and the first 12 hex digits of the model file's SHA-256")]

    @property
    def topic(self) -> str:
        """Frame 0 of the multipart message; ends with a slash so that a prefix is exact."""
        raise NotImplementedError


class Smoothed(msgspec.Struct, frozen=True, kw_only=True):
    """The current turn."""

    label: Annotated[str, Meta(description="one of the model's labels, or unknown")]
    probability: Annotated[Probability | None, Meta(description="of that label; null while it is unknown")]


class WindowMessage(Message, frozen=True, kw_only=True, tag="genderstream.window/1"):
    """One decision. A gender is the one that listeners would perceive in the voice, never an identity."""

    stream: StreamName
    start: Annotated[Seconds, Meta(description="seconds from the stream's first sample, on the hop's grid")]
    end: Annotated[Seconds, Meta(description="seconds from the stream's first sample")]
    hop: Annotated[float, Meta(gt=0, description="seconds from one window's start to the next's")]
    state: Annotated[
        State,
        Meta(
            description="speech, or whatever else the labels are about where the model has no gate; "
            "silence: says the VAD; noise: says the model, no voice"
        ),
    ]
    label: Annotated[str, Meta(description="one of the model's labels, or unknown")]
    reason: Annotated[Reason | None, Meta(description="why the label is unknown; null where it is not")]
    probability: Annotated[
        dict[str, Probability] | None,
        Meta(description="per label, calibrated, given a decidable voice; null where the model did not run"),
    ]
    speech_probability: Annotated[
        Probability | None,
        Meta(description="the model's, that this is a voice; null where it did not run, or does not tell"),
    ]
    vad_ratio: Annotated[Probability, Meta(description="share of 20 ms frames that WebRTC VAD calls speech")]
    level_dbfs: Annotated[float, Meta(le=0.0, description="RMS level; 0 is a full-scale square wave, -120 the least")]
    smoothed: Annotated[Smoothed, Meta(description="label of the current turn")]
    padded: Annotated[Count, Meta(description="samples (16 kHz) of padding in this window, for short files")]
    gap_before: Annotated[Count, Meta(description="samples (16 kHz) lost just before this window")]
    lost_samples: Annotated[Count, Meta(description="samples (16 kHz) lost on this stream so far")]
    latency_ms: Annotated[
        float | None,
        Meta(description="from the last sample's arrival to publishing; null for recordings at full speed"),
    ]

    @property
    def topic(self) -> str:
        """`window/STREAM/`."""
        return f"window/{self.stream}/"


class TurnMessage(Message, frozen=True, kw_only=True, tag="genderstream.turn/1"):
    """A stretch of time that belongs to one label, once its end is settled: a few seconds after it."""

    stream: StreamName
    start: Annotated[Seconds, Meta(description="seconds from the stream's first sample; where the label took over")]
    end: Annotated[Seconds, Meta(description="seconds from the stream's first sample")]
    label: Annotated[str, Meta(description="one of the model's labels; time without a sure label is in no turn")]
    probability: Annotated[Probability, Meta(description="of that label, by all the turn's windows together")]
    windows: Annotated[Count, Meta(description="windows that were evidence")]

    @property
    def topic(self) -> str:
        """`turn/STREAM/`."""
        return f"turn/{self.stream}/"


class HandoverTime(msgspec.Struct, frozen=True, kw_only=True):
    """Another label takes over."""

    at: Annotated[Seconds, Meta(description="seconds from the stream's first sample")]
    label: Annotated[str, Meta(description="that of the turn that begins")]


class CallMessage(Message, frozen=True, kw_only=True, tag="genderstream.call/1"):
    """One answer for a stream as a whole: when a verdict is first reached, when it changes, and at the end."""

    stream: StreamName
    end: Annotated[Seconds, Meta(description="seconds of the stream that it is about")]
    label: Annotated[str, Meta(description="one of the model's labels, or unknown")]
    reason: Annotated[
        Reason | None,
        Meta(
            description="why the label is unknown; null where it is not. mixed: voices of both labels; low_confidence: "
            "voices, but too little to tell by; otherwise what was there instead"
        ),
    ]
    probability: Annotated[Probability | None, Meta(description="of that label; null while it is unknown")]
    error_bound: Annotated[
        Probability | None,
        Meta(
            description="an estimate of how often such a verdict is wrong, speakers included who sound like the other "
            "label however long they speak; null while it is unknown"
        ),
    ]
    decided_after: Annotated[
        Seconds | None, Meta(description="seconds of speech until this verdict was reached; null while it is unknown")
    ]
    speech_seconds: Annotated[dict[str, Seconds], Meta(description="seconds of speech per label, and unknown")]
    share: Annotated[dict[str, Probability], Meta(description="the same as parts of all speech; all 0 where none")]
    turns: Annotated[Count, Meta(description="turns so far")]
    handovers: Annotated[
        list[HandoverTime], Meta(description="where the other label took over, the last 100 such times")
    ]
    final: Annotated[bool, Meta(description="the stream has ended: this is the last message of its topic")]

    @property
    def topic(self) -> str:
        """`call/STREAM/`."""
        return f"call/{self.stream}/"


Quantile = Literal["p50", "p99", "max"]


class StreamHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One stream's state and counters; at any time captured = processed + waiting + lost["lapped"]."""

    state: Annotated[
        LivenessState,
        Meta(
            description="starting: nothing came yet; healthy; silent: nothing but zeros; stalled: nothing comes; "
            "recovering: the source tries to get its device back; failed: it tried for long, or a worker died; ended"
        ),
    ]
    cause: Annotated[str | None, Meta(description="of that state, in words; null while there is nothing to tell")]
    state_seconds: Annotated[Seconds, Meta(description="how long it has been in that state")]
    sample_rate: Annotated[int, Meta(gt=0, description="Hz; the source's own, in which this record counts samples")]
    captured: Annotated[Count, Meta(description="samples that reached the ring")]
    processed: Annotated[Count, Meta(description="captured samples that the worker has dealt with")]
    waiting: Annotated[Count, Meta(description="captured samples still in the ring")]
    lost: Annotated[
        dict[LossCause, Count],
        Meta(
            description="device: never captured (estimated); network: never arrived; "
            "lapped: captured, but overwritten unread"
        ),
    ]
    overflows: Annotated[Count, Meta(description="times that the device said it had lost samples")]
    restarts: Annotated[Count, Meta(description="times that the device was opened anew")]
    drift_ppm: Annotated[
        float | None,
        Meta(description="millionths by which the device is faster than the system's clock; null where not known"),
    ]
    windows: Annotated[Count, Meta(description="windows published")]
    skipped: Annotated[Count, Meta(description="of these, not decided because of overload")]
    stride: Annotated[int, Meta(ge=1, description="of so many windows one is decided now; 1 unless there is overload")]
    speaking_seconds: Annotated[dict[str, Seconds], Meta(description="seconds of speech per label, and unknown")]
    speaking_share: Annotated[
        dict[Span, dict[str, Probability]],
        Meta(description="parts of the speech per label, and unknown, in the last minute, the last hour and all"),
    ]
    latency_ms: Annotated[dict[Quantile, float] | None, Meta(description="over the last windows; null where none")]

    @property
    def balanced(self) -> bool:
        """Whether all samples are accounted for."""
        return self.captured == self.processed + self.waiting + self.lost["lapped"]


class JournalHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the messages that `--journal` is to keep."""

    written: Annotated[Count, Meta(description="messages in its files, of this epoch")]
    lost: Annotated[Count, Meta(description="messages that no file has: the disk was full, slow or gone for too long")]
    waiting: Annotated[Count, Meta(description="messages that wait for the disk")]
    bytes: Annotated[Count, Meta(description="size of all its files, older epochs' too")]
    error: Annotated[str | None, Meta(description="why it cannot write now; null where it can")]


class HealthMessage(Message, frozen=True, kw_only=True, tag="genderstream.health/1"):
    """How the daemon and its streams are, every few seconds."""

    daemon: Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,64}$")]
    uptime: Annotated[Seconds, Meta(description="seconds since the daemon started")]
    late_ms: Annotated[
        float,
        Meta(
            ge=0.0,
            description="how late the worker is: by how much it missed what was due, a hop after the last sample of a "
            "window, at the worst since the last such message; 0 where everything was in time",
        ),
    ]
    clock: ClockHealth = ClockHealth()
    streams: Annotated[
        dict[str, StreamHealth], Meta(description="by name; one that has ended is in one message as such, then in none")
    ]
    refused: Annotated[
        dict[str, dict[str, Count]],
        Meta(description="what inputs from the network would not take since the daemon began: by input, by cause"),
    ] = {}
    failed: Annotated[
        dict[str, str], Meta(description="inputs that have failed for good while others go on: by input, why")
    ] = {}
    journal: Annotated[JournalHealth | None, Meta(description="null where none is kept")] = None

    @property
    def ended(self) -> list[str]:
        """Streams of which this is the last that will ever be heard."""
        return [name for name, stream in self.streams.items() if stream.state == "ended"]

    @property
    def topic(self) -> str:
        """`health/DAEMON/`."""
        return f"health/{self.daemon}/"


AnyMessage = WindowMessage | TurnMessage | CallMessage | HealthMessage

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)


def encode(message: AnyMessage) -> bytes:
    """The message as UTF-8 JSON: frame 1."""
    return _encoder.encode(message)


def decode(content: bytes) -> AnyMessage:
    """The message that `content` holds. Raises msgspec.DecodeError where it is none."""
    return _decoder.decode(content)


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of each kind of message, by file name."""
    kinds = {"window": WindowMessage, "turn": TurnMessage, "call": CallMessage, "health": HealthMessage}
    return {
        f"{kind}.json": {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": PERCEIVED}
        | _open(msgspec.json.schema(message))
        for kind, message in kinds.items()
    }


def _open(schema: Any) -> Any:
    """`schema` without the lists of keys that msgspec 0.23 began to write: keys are added to messages, not refused."""
    if isinstance(schema, dict):
        return {key: _open(value) for key, value in schema.items() if key != "propertyNames"}
    return [_open(value) for value in schema] if isinstance(schema, list) else schema
