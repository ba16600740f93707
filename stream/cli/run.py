"""`genderstream run`: the daemon."""

import gc
import signal
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from models import UnusableError
from stream.cli._engine import ROOMS, set_up
from stream.daemon import Daemon, DaemonSettings
from stream.messages import AnyMessage
from stream.outputs.journal import JournalSettings, open_journal
from stream.outputs.metrics import MetricsSettings, open_metrics
from stream.outputs.publisher import Publisher, PublisherSettings
from stream.outputs.terminal import Terminal
from stream.overload import OverloadSettings
from stream.pipeline import Sink
from stream.settings import Configuration, options
from stream.sources import InputSettings, Source, open_source
from stream.sources.switchboard import gather

DEMO = Path(__file__).parents[1] / "demo" / "demo.flac"
_COLLECTING = (100_000, 10, 100)
"""When Python looks for cycles. We make none; with a thousand streams each look would hold the worker up for 0.1 s."""
_ROOMS = (InputSettings, *ROOMS, OverloadSettings, PublisherSettings, JournalSettings, MetricsSettings, DaemonSettings)


def _run(inputs: tuple[str, ...], demo: bool, **given: Any) -> None:
    """Decide on each INPUT, live, and publish a message for each window.

    INPUT: mic (default), mic:NAME-OR-NUMBER, an audio file, - for raw PCM on standard input, or streams as they come
    in: rtp://HOST:PORT, audiosocket://HOST:PORT, ws://HOST:PORT.
    """
    configuration = Configuration(_ROOMS, given)
    sinks: list[Sink] = []

    def take(message: AnyMessage) -> None:
        for sink in sinks:
            sink.take(message)

    setup = replace(set_up(configuration, take), overload=configuration.room(OverloadSettings))
    terminal = Terminal(setup.model.spec)
    sources = _sources(configuration, inputs, demo, terminal)
    with ExitStack() as ending:
        journal = open_journal(configuration.room(JournalSettings), setup.epoch, terminal.say)
        publisher = Publisher(configuration.room(PublisherSettings), setup.epoch, journal)
        ending.callback(publisher.close)
        sinks += [publisher, terminal]
        terminal.say(
            f"publishing on {publisher.endpoint}, answering on {publisher.ask_endpoint}, {setup.model.identity}"
        )
        if metrics := open_metrics(configuration.room(MetricsSettings), publisher):
            ending.callback(metrics.close)
            sinks.append(metrics)
            terminal.say(f"metrics on {metrics.url}")
        daemon = Daemon(configuration.room(DaemonSettings), setup, sources, terminal.say, journal)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: daemon.stop())
        gc.freeze()  # what has been loaded stays: no collection looks at it again
        gc.set_threshold(*_COLLECTING)
        ending.enter_context(terminal)
        if journal:
            ending.callback(journal.close)
        daemon.run()


def _sources(configuration: Configuration, inputs: tuple[str, ...], demo: bool, terminal: Terminal) -> list[Source]:
    wanted = configuration.inputs(inputs, "mic")
    try:
        return gather(open_source(source, settings) for source, settings in wanted)
    except UnusableError as error:
        if not demo or any(source != "mic" for source, _ in wanted):
            raise
        reason = str(error).partition(":")[0]
        terminal.say(f"{reason}: playing the demo recording instead, at real speed (genderstream doctor tells more)")
        return [open_source(str(DEMO), InputSettings())]


command = click.Command(
    "run",
    callback=_run,
    params=[
        click.Argument(["inputs"], nargs=-1, metavar="[INPUT]..."),
        click.Option(["--demo"], is_flag=True, help="Where the input cannot be used, play the demo recording."),
        *options(*_ROOMS),
    ],
    help=_run.__doc__,
)
