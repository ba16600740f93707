"""What each stream came to: seconds heard, speaking time per label, what was lost."""

from dataclasses import dataclass, field

from stream.decide import SpeakingTime
from stream.decide.window import UNKNOWN
from stream.messages import AnyMessage, WindowMessage


@dataclass(slots=True)
class StreamSummary:
    """One stream's last window and its speaking time so far."""

    last: WindowMessage
    speaking: SpeakingTime = field(default_factory=SpeakingTime)

    def line(self, labels: tuple[str, str]) -> str:
        """All of it in one line."""
        last, speaking = self.last, self.speaking
        shares = ", ".join(f"{label} {speaking.share(label):.0%}" for label in (*labels, UNKNOWN))
        lost = f"{last.lost_samples} samples lost" if last.lost_samples else "nothing lost"
        said = f"{speaking.total:.1f} s of speech" + (f" ({shares})" if speaking.total else "")
        return f"{last.stream}: {last.end:.1f} s heard, {said}, {last.sequence + 1} decisions, {lost}"


class Summary:
    """A Sink that keeps a StreamSummary for each stream. Others may read `streams` meanwhile."""

    def __init__(self, labels: tuple[str, str]) -> None:
        self.labels = labels
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
        return [stream.line(self.labels) for stream in self.streams.values()]
