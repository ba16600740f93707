"""`--metrics`: counts and states for Prometheus, on a port of their own. Off unless asked for.

The worker counts windows (a few additions each) and leaves the last health message here; a thread of its own makes
the page from them when somebody asks, at most once a second, and rests after every few lines.
"""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from stream.messages import AnyMessage, HealthMessage, WindowMessage
from stream.outputs.metrics.families import Ended, families
from stream.outputs.metrics.process import process_families
from stream.outputs.metrics.server import Server
from stream.outputs.metrics.tally import Tally
from stream.outputs.publisher import Publisher

__all__ = ["Metrics", "MetricsSettings", "open_metrics"]


class MetricsSettings(msgspec.Struct, frozen=True):
    """What Prometheus may read."""

    metrics: Annotated[
        str | None,
        Meta(description="HOST:PORT where Prometheus may read /metrics; 127.0.0.1 where HOST is left out; none: off"),
    ] = None


def open_metrics(settings: MetricsSettings, publisher: Publisher) -> "Metrics | None":
    """The metrics that `settings` ask for, if any. Raises UnusableError where the port cannot be had."""
    return Metrics(settings.metrics, publisher) if settings.metrics else None


class Metrics:
    """A Sink. `take` and `close` belong to one thread."""

    def __init__(self, address: str, publisher: Publisher) -> None:
        """Raises UnusableError where `address` is none, or taken."""
        self._publisher = publisher
        self._counts = _Counts(Ended(), {}, None)
        self._server = Server(address, self._page)
        self.url = self._server.url

    def take(self, message: AnyMessage) -> None:
        """Count `message`."""
        if isinstance(message, WindowMessage):
            streams = self._counts.streams
            if (tally := streams.get(message.stream)) is None:
                tally = streams[message.stream] = Tally()
            tally.count(message)
        elif isinstance(message, HealthMessage):
            self._counts = self._counts.after(message)

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.close()

    def _page(self) -> Iterator[str]:
        """The text, piece by piece. In the server's thread."""
        counts = self._counts
        if counts.health is not None:
            tallies = {name: tally.copy() for name, tally in list(counts.streams.items())}
            for family in families(counts.health, counts.ended, tallies, self._publisher):
                yield from family.pieces()
        for family in process_families():
            yield from family.pieces()


class _Counts(NamedTuple):
    """What is known, replaced whole so that its parts fit together whenever they are read."""

    ended: Ended
    streams: dict[str, Tally]  # of those that go on
    health: HealthMessage | None  # the last, less streams that have ended

    def after(self, health: HealthMessage) -> "_Counts":
        over = {name: health.streams[name] for name in health.ended}
        if not over:
            return self._replace(health=health)
        going = {name: stream for name, stream in health.streams.items() if name not in over}
        tallies = {name: tally for name, tally in self.streams.items() if name in over}
        return _Counts(
            self.ended.plus(over, tallies),
            {name: tally for name, tally in self.streams.items() if name not in over},
            msgspec.structs.replace(health, streams=going),
        )
