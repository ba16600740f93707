"""`genderstream doctor`: what works on this machine, and what to do about the rest."""

import importlib
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import click

from models import UnusableError
from stream.classify import ModelSettings
from stream.diagnose.finding import Finding, fail
from stream.diagnose.kernels import check_kernels
from stream.diagnose.machine import check_libraries, check_python
from stream.diagnose.model import check_model
from stream.diagnose.sound import check_devices, check_levels, check_portaudio
from stream.settings import Configuration, Room, options
from stream.sources import InputSettings

_PUBLISHER = "stream.outputs.publisher:PublisherSettings"
_ELSEWHERE = (
    "stream.windows:WindowSettings",
    "stream.vad:VadSettings",
    "stream.outputs.journal:JournalSettings",
    "stream.daemon:DaemonSettings",
)
"""Rooms that a configuration for `run` may furnish too. Importing them needs nearly everything to work."""


def _doctor(device: str | None, **given: Any) -> None:
    """Check this machine and this installation: a line for each check (ok, note or FAIL) with what to do.

    Listens to the input for a second: speak then. Exit status: 0 where nothing fails, else 1.
    """
    counts: Counter[str] = Counter()
    for finding in _findings(device, given):
        counts[finding.verdict] += 1
        print(finding, flush=True)
    print(f"{counts.total()} checks: {counts['ok']} ok, {counts['note']} to note, {counts['FAIL']} failing")
    sys.exit(1 if counts["FAIL"] else 0)


def _findings(device: str | None, given: dict[str, Any]) -> Iterator[Finding]:
    configuration, problem = _read_configuration(given)
    if problem is not None:
        yield problem
    yield check_python()
    yield from check_libraries()
    yield from _check_sound(configuration, device)
    yield from check_model(configuration.room(ModelSettings))
    yield from check_kernels()
    if _PUBLISHING:
        ports = importlib.import_module("stream.diagnose.ports")
        yield from ports.check_ports(configuration.room(_PUBLISHING[0]))


def _check_sound(configuration: Configuration, device: str | None) -> Iterator[Finding]:
    library = check_portaudio()
    yield library
    if library.verdict == "FAIL":
        return
    devices = check_devices()
    yield devices
    if devices.verdict == "ok" or device:
        yield from check_levels(configuration.inputs([f"mic:{device}"] if device else [], "mic"))


def _read_configuration(given: dict[str, Any]) -> tuple[Configuration, Finding | None]:
    """What is configured; without the file, and a finding, where what it may configure cannot be imported."""
    asked: list[Room] = [InputSettings, ModelSettings, *_PUBLISHING]
    if (path := given.get("config")) is None:
        return Configuration(asked, given), None
    try:
        rooms = asked + [_room(each) for each in _ELSEWHERE]
    except (
        ImportError,
        OSError,
        AttributeError,
        RuntimeError,
        UnusableError,
    ) as error:  # the last two: no cache folder
        problem = fail("configuration", f"{path} was not read ({error})", "mend what fails below")
        return Configuration(asked, given | {"config": None}), problem
    return Configuration(rooms, given), None


def _room(where: str) -> Room:
    module, _, name = where.partition(":")
    room: Room = getattr(importlib.import_module(module), name)
    return room


def _publishing() -> tuple[Room, ...]:
    """PublisherSettings; nothing where ZeroMQ does not load, so that doctor lives to say so."""
    try:
        return (_room(_PUBLISHER),)
    except (ImportError, OSError):
        return ()


_PUBLISHING = _publishing()

command = click.Command(
    "doctor",
    callback=_doctor,
    params=[
        click.Option(["--device"], metavar="NAME-OR-NUMBER", help="Input to listen to; otherwise the default one."),
        *(option for option in options(ModelSettings, *_PUBLISHING) if option.name != "high_water"),
    ],
    help=_doctor.__doc__,
)
