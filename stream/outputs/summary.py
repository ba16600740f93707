"""What each stream came to: seconds heard, time per label, what was lost, the verdict; for recordings the turns."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from models import ModelSpec
from stream.decide import shares
from stream.messages import AnyMessage, CallMessage, HealthMessage, TurnMessage, WindowMessage
from stream.outputs.timeline import draw_timeline
from stream.records import SAMPLE_RATE
from stream.words import UNKNOWN, Reason

_MOST_TURNS = 20  # that are listed
_MOST_HANDOVERS = 5  # the same
_SAID: dict[Reason | None, str] = {
    "low_confidence": "not sure enough",
    "silence": "nobody spoke",
    "not_speech": "no voice",
    "undecidable": "only voices that cannot be told apart, such as children's",
}


@dataclass(slots=True)
class StreamSummary:
    """One stream's last messages and its speaking time so far."""

    last: WindowMessage
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))  # of speech, by label
    turns: list[TurnMessage] = field(default_factory=list)
    call: CallMessage | None = None
    heard: float = 0.0  # seconds
    skipped: int = 0  # windows, for overload
    lost: int = 0  # samples (16 kHz), says health: also those after the last window

    def share(self, label: str) -> float:
        """The part of the speech that `label` has, 0 to 1."""
        return shares(self.seconds).get(label, 0.0)

    def line(self, spec: ModelSpec) -> str:
        """Time and loss in one line."""
        last, total = self.last, sum(self.seconds.values())
        parts = ", ".join(f"{label} {self.share(label):.0%}" for label in (*spec.labels, UNKNOWN))
        samples = max(last.lost_samples, self.lost)
        lost = f"{samples} samples lost" if samples else "nothing lost"
        decisions = f"{last.sequence + 1 - self.skipped} decisions"
        skipped = f", {self.skipped} skipped for overload" if self.skipped else ""
        kind = "speech" if spec.gate == "vad" else "sound"  # without the gate, whatever is heard is decided on
        decided = f"{total:.1f} s of {kind}" + (f" ({parts})" if total else "")
        return f"{last.stream}: {last.end:.1f} s heard, {decided}, {decisions}{skipped}, {lost}"

    def details(self, labels: tuple[str, str]) -> Iterator[str]:
        """The turns, one a line, and a small timeline."""
        for turn in self.turns[:_MOST_TURNS]:
            yield f"  {turn.start:7.1f} to {turn.end:7.1f} s  {turn.label}  {turn.probability:.0%}"
        if len(self.turns) > _MOST_TURNS:
            yield f"  … and {len(self.turns) - _MOST_TURNS} more turns"
        if self.turns:
            yield "  " + draw_timeline(self.turns, self.last.end, labels)


def tell_verdict(call: CallMessage) -> str:
    """The verdict, or why there is none."""
    if call.probability is not None:
        return f"verdict {call.label} ({call.probability:.0%}) after {call.decided_after:.1f} s of speech"
    if call.reason != "mixed":
        return f"no verdict: {_SAID[call.reason]}" if call.reason in _SAID else "no verdict"
    first = ", ".join(f"{each.label} from {each.at:.1f} s" for each in call.handovers[:_MOST_HANDOVERS])
    more = len(call.handovers) - _MOST_HANDOVERS
    return f"no verdict: mixed ({first}{f', and {more} handovers more' if more > 0 else ''})"


class Summary:
    """A Sink that keeps a StreamSummary for each stream. Others may read `streams` meanwhile."""

    def __init__(self, spec: ModelSpec, *, detailed: bool = False) -> None:
        """`detailed`: keep all turns and list them, as suits recordings."""
        self._spec, self._detailed = spec, detailed
        self.streams: dict[str, StreamSummary] = {}

    def take(self, message: AnyMessage) -> None:
        """Count `message`."""
        if isinstance(message, HealthMessage):
            for name in self.streams.keys() & message.streams.keys():
                health = message.streams[name]
                self.streams[name].lost = sum(health.lost.values()) * SAMPLE_RATE // health.sample_rate
            return
        if isinstance(message, WindowMessage) and message.stream not in self.streams:
            # a new dict: nobody's iteration breaks
            self.streams = self.streams | {message.stream: StreamSummary(message)}
        stream = self.streams[message.stream]  # a window is always the first
        if isinstance(message, WindowMessage):
            _count(stream, message)
        elif isinstance(message, CallMessage):
            stream.call = message
            if message.final:
                stream.seconds = message.speech_seconds  # by turns as they were settled, edges and all
        elif self._detailed:
            stream.turns.append(message)

    def forget(self, ended: Collection[str]) -> list[str]:
        """Keep nothing of these streams; their lines."""
        lines = self.lines(ended)
        self.streams = {name: stream for name, stream in self.streams.items() if name not in ended}
        return lines

    def lines(self, names: Iterable[str] | None = None) -> list[str]:
        """A line for each of these streams (all of them) that was heard, its verdict, and its details."""
        wanted = self.streams if names is None else names
        lines = []
        for stream in [self.streams[name] for name in wanted if name in self.streams]:
            lines.append(stream.line(self._spec))
            if stream.call:
                lines.append(f"  {tell_verdict(stream.call)}")
            if self._detailed:
                lines += stream.details(self._spec.labels)
        return lines


def _count(stream: StreamSummary, window: WindowMessage) -> None:
    stream.last = window
    fresh = window.end - max(window.start, stream.heard)
    stream.heard = window.end
    stream.skipped += window.reason == "overload"
    if window.state == "speech":
        stream.seconds[window.smoothed.label] += fresh
