"""Speaking time: how many seconds of a stream each label has, and how many are unknown speech."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class SpeakingTime:
    """Counts each window's new seconds under its label; seconds that two windows share count once."""

    seconds: dict[str, float] = field(default_factory=dict)
    _counted_to: float = 0.0  # seconds since the stream began

    def add(self, label: str | None, start: float, end: float) -> None:
        """Go on with the window from `start` to `end` (seconds); None: nobody speaks in it."""
        fresh = end - max(start, self._counted_to)
        self._counted_to = end
        if label is not None:
            self.seconds[label] = self.seconds.get(label, 0.0) + fresh

    @property
    def total(self) -> float:
        """Seconds of speech."""
        return sum(self.seconds.values())

    def share(self, label: str) -> float:
        """The part of the speech that `label` has, 0 to 1; 0 where nothing was said."""
        return self.seconds.get(label, 0.0) / self.total if self.total else 0.0
