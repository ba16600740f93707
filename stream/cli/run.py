"""`genderstream run`: the daemon."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from models import UnusableError, load_model
from stream.classify import ModelSettings
from stream.cli._engine import ROOMS, new_epoch, set_up
from stream.cli._outlet import OUTLET_ROOMS, begin, open_outlet
from stream.cli._reload import Reload
from stream.cli._threads import watching_threads
from stream.daemon import Daemon, DaemonSettings
from stream.messages import AnyMessage
from stream.outputs.lines import LogSettings, choose_log
from stream.outputs.systemd import Systemd
from stream.outputs.terminal import Terminal
from stream.overload import OverloadSettings
from stream.pipeline import Setup
from stream.settings import Configuration, options
from stream.sources import InputSettings, Source, open_source
from stream.sources.switchboard import gather
from stream.worker import Share
from stream.workers import Workers

Inputs = list[tuple[str, InputSettings]]

DEMO = Path(__file__).parents[1] / "demo" / "demo.flac"
_ROOMS = (InputSettings, *ROOMS, OverloadSettings, *OUTLET_ROOMS, DaemonSettings)


def _run(inputs: tuple[str, ...], demo: bool, **given: Any) -> None:
    """Decide on each INPUT, live, and publish a message for each window.

    INPUT: mic (default), mic:NAME-OR-NUMBER, an audio file, - for raw PCM on standard input, or streams as they come
    in: rtp://HOST:PORT, audiosocket://HOST:PORT, ws://HOST:PORT.
    """
    configuration = Configuration(_ROOMS, given)
    choose_log(configuration.room(LogSettings))
    workers = min(configuration.room(DaemonSettings).workers, len(configuration.inputs(inputs, "mic")))
    if workers > 1:
        _run_workers(configuration, inputs, workers)
    else:
        _run_alone(configuration, inputs, demo)


def _run_alone(configuration: Configuration, inputs: Sequence[str], demo: bool) -> None:
    setup = _set_up(configuration, lambda message: outlet.take(message))  # noqa: PLW0108 - there is none yet
    terminal = Terminal(setup.model.spec)
    systemd = Systemd(os.environ, terminal.say)
    sources = _sources(configuration.inputs(inputs, "mic"), demo, terminal)
    with open_outlet(configuration, setup.model.identity, setup.epoch, terminal, systemd) as outlet:
        daemon = Daemon(configuration.room(DaemonSettings), setup, sources, terminal.say, outlet.journal)
        begin(outlet, terminal, daemon.stop, Reload(configuration, inputs, daemon.adopt, systemd, terminal.say))
        with watching_threads(daemon.stop, terminal.say):
            daemon.run()


def _run_workers(configuration: Configuration, inputs: Sequence[str], count: int) -> None:
    """The same in `count` processes: each has every so many-th input."""
    wanted = configuration.inputs(inputs, "mic")
    chosen, settings = configuration.room(ModelSettings), configuration.room(DaemonSettings)
    model, epoch = load_model(chosen.folder, chosen.precision), new_epoch()
    terminal = Terminal(model.spec)
    systemd = Systemd(os.environ, terminal.say)
    shares = [Share(partial(_set_up, configuration), epoch, settings, wanted[first::count]) for first in range(count)]
    with (
        Workers(shares, terminal.say) as workers,
        open_outlet(configuration, model.identity, epoch, terminal, systemd) as outlet,
    ):
        begin(outlet, terminal, workers.stop, Reload(configuration, inputs, workers.adopt, systemd, terminal.say))
        with watching_threads(workers.stop, terminal.say):
            workers.run(outlet.take, outlet.journal)


def _set_up(configuration: Configuration, take: Callable[[AnyMessage], None]) -> Setup:
    return replace(set_up(configuration, take), overload=configuration.room(OverloadSettings))


def _sources(wanted: Inputs, demo: bool, terminal: Terminal) -> list[Source]:
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


def check(arguments: list[str]) -> Configuration:
    """What they say; options, values and a configuration that cannot be are refused by UnusableError, or click's."""
    with command.make_context("run", arguments) as context:
        given = dict(context.params)
    inputs = given.pop("inputs")
    given.pop("demo")
    configuration = Configuration(_ROOMS, given)
    configuration.inputs(inputs, "mic")
    return configuration
