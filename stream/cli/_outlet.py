"""Where the daemon's messages go: published, kept, counted and shown, until the end that a signal asks for."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from stream.cli._reload import Reload
from stream.garbage import spare_collections
from stream.messages import AnyMessage
from stream.outputs.journal import Journal, JournalSettings, open_journal
from stream.outputs.lines import LogSettings
from stream.outputs.metrics import MetricsSettings, open_metrics
from stream.outputs.publisher import Publisher, PublisherSettings
from stream.outputs.systemd import Systemd
from stream.outputs.terminal import Terminal
from stream.pipeline import Sink
from stream.settings import Configuration

OUTLET_ROOMS = (PublisherSettings, JournalSettings, MetricsSettings, LogSettings)


class Outlet:
    """All sinks as one."""

    def __init__(self, sinks: Sequence[Sink], systemd: Systemd, journal: Journal | None, where: Sequence[str]) -> None:
        self._sinks = (*sinks, systemd)
        self.systemd = systemd
        self.journal = journal
        self.where = where
        """Lines that tell where messages are found."""

    def take(self, message: AnyMessage) -> None:
        """Give `message` to each."""
        for sink in self._sinks:
            sink.take(message)


@contextmanager
def open_outlet(
    configuration: Configuration, model: str, epoch: str, terminal: Terminal, systemd: Systemd
) -> Iterator[Outlet]:
    """The sinks that `configuration` wants, and the last two; flushed at the end. `model`: what to say that decides."""
    with ExitStack() as ending:
        journal = open_journal(configuration.room(JournalSettings), epoch, terminal.say)
        publisher = Publisher(configuration.room(PublisherSettings), epoch, journal)
        ending.callback(publisher.close)
        sinks: list[Sink] = [publisher, terminal]
        where = [f"publishing on {publisher.endpoint}, answering on {publisher.ask_endpoint}, {model}"]
        if metrics := open_metrics(configuration.room(MetricsSettings), publisher):
            ending.callback(metrics.close)
            sinks.append(metrics)
            where.append(f"metrics on {metrics.url}")
        spare_collections()
        ending.enter_context(terminal)
        if journal:
            ending.callback(journal.close)
        ending.callback(systemd.stopping)
        yield Outlet(sinks, systemd, journal, where)


def begin(outlet: Outlet, terminal: Terminal, stop: Callable[[], None], reload: Reload) -> None:
    """From now on SIGINT and SIGTERM call `stop`, SIGHUP `reload` (or stop); tell where messages are found."""

    def end(*_: object) -> None:
        outlet.systemd.stopping()
        stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    signal.signal(signal.SIGHUP, (lambda *_: reload()) if reload.possible else end)
    for line in outlet.where:
        terminal.say(line)
