"""What each stream came to: seconds heard, time per label, what was lost."""

from dataclasses import dataclass, field

from models import ModelSpec
from stream.decide import SpeakingTime
from stream.decide.window import UNKNOWN
from stream.messages import AnyMessage, WindowMessage


@dataclass(slots=True)
class StreamSummary:
    """One stream's last window and its speaking time so far."""

    last: WindowMessage
    speaking: SpeakingTime = field(default_factory=SpeakingTime)

    def line(self, spec: ModelSpec) -> str:
        """All of it in one line."""
        last, speaking = self.last, self.speaking
        shares = ", ".join(f"{label} {speaking.share(label):.0%}" for label in (*spec.labels, UNKNOWN))
        lost = f"{last.lost_samples} samples lost" if last.lost_samples else "nothing lost"
        kind = "speech" if spec.gate == "vad" else "sound"  # without the gate, whatever is heard is decided on
        decided = f"{speaking.total:.1f} s of {kind}" + (f" ({shares})" if speaking.total else "")
        return f"{last.stream}: {last.end:.1f} s heard, {decided}, {last.sequence + 1} decisions, {lost}"


class Summary:
    """A Sink that keeps a StreamSummary for each stream. Others may read `streams` meanwhile."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        self.streams: dict[str, StreamSummary] = {}

    def take(self, message: AnyMessage) -> None:
        """Count `message`."""
        if not isinstance(message, WindowMessage):
            return
        stream = self.streams.get(message.stream)
        if stream is None:
            stream = StreamSummary(message)
            self.streams = self.streams | {message.stream: stream}  # a new dict: nobody's iteration breaks
        stream.last = message
        stream.speaking.add(message.label if message.state == "speech" else None, message.start, message.end)

    def lines(self) -> list[str]:
        """A line for each stream."""
        return [stream.line(self._spec) for stream in self.streams.values()]
