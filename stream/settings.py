"""Options and configuration from the rooms' own settings: one declaration serves --help, TOML and checks.

A room is a msgspec struct that stands beside the code it configures; each field's annotation carries its
range and its meaning. What the user gives is checked field by field, so that an error names the option,
the value and what was expected. Command line before configuration file before default.
"""

import difflib
import keyword
import tomllib
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from models import UnusableError
from stream.sources import InputSettings

Room = type[msgspec.Struct]
_Settings = TypeVar("_Settings", bound=msgspec.Struct)
Values = dict[str, Any]

CONFIG = click.Option(["--config"], metavar="FILE", help="TOML file with any of these options, and inputs by name.")


def options(*rooms: Room) -> list[click.Parameter]:
    """A click option for each field of `rooms`, and --config."""
    return [*(_option(room, field) for room in rooms for field in msgspec.structs.fields(room)), CONFIG]


class Configuration:
    """What the user gave, on the command line and in a file; hands each room its settings."""

    def __init__(self, rooms: Iterable[Room], given: Values) -> None:
        path = given.pop("config", None)
        self._rooms = tuple(rooms)
        self.path: str | None = path
        """The file, if there is one."""
        self._given = {name: value for name, value in given.items() if value is not None}
        self._file = _read(Path(path)) if path else {}
        self._inputs: dict[str, Values] = self._file.pop("input", {})
        known = [field.name for room in self._rooms for field in msgspec.structs.fields(room)]
        _refuse_unknown(self._file, [*known, "input"], path)
        self._check_inputs()
        self._built = {room: _build(room, self._file | self._given) for room in self._rooms}

    def room(self, room: type[_Settings]) -> _Settings:
        """The settings of one room."""
        built = self._built[room]
        assert isinstance(built, room)
        return built

    def inputs(self, named: Iterable[str], default: str) -> list[tuple[str, InputSettings]]:
        """Each INPUT with its settings: those on the command line, else the file's, else `default`."""
        if not (named := tuple(named)) and self._inputs:
            return [self._input(name, dict(table)) for name, table in self._inputs.items()]
        settings = self.room(InputSettings)
        return [(source, settings) for source in named or (default,)]

    def again(self) -> "Configuration":
        """The same with the file as it is now. Raises UnusableError where that cannot be, as at the beginning."""
        return Configuration(self._rooms, self._given | {"config": self.path})

    def differences(self, other: "Configuration") -> dict[str, tuple[Any, Any, bool]]:
        """What differs in `other`, by option: the value here, the value there, whether SIGHUP may change it.

        Those of inputs are left out: compare `inputs`.
        """
        found = {}
        for room in self._rooms:
            for name in room.__struct_fields__ if room is not InputSettings else ():
                values = getattr(self._built[room], name), getattr(other._built[room], name)
                if values[0] != values[1]:
                    found[_flag(name)] = (*values, _reloads(_annotation(room, name)[0]))
        return found

    def _input(self, name: str, table: Values) -> tuple[str, InputSettings]:
        shared = {key: value for key, value in self._file.items() if key in InputSettings.__struct_fields__}
        source = str(table.pop("source"))
        return source, _build(InputSettings, {"stream": name} | shared | table | self._given)

    def _check_inputs(self) -> None:
        if not isinstance(self._inputs, dict) or not all(isinstance(table, dict) for table in self._inputs.values()):
            raise UnusableError(f'{self.path}: input is no table of inputs: write [input.NAME] with source = "mic"')
        self._inputs = {name: _plain(table) for name, table in self._inputs.items()}
        for name, table in self._inputs.items():
            _refuse_unknown(table, ["source", *InputSettings.__struct_fields__], f"{self.path}, [input.{name}]")
            if "source" not in table:
                raise UnusableError(f'{self.path}: [input.{name}] has no source: write source = "mic", or a path')


def _option(room: Room, field: msgspec.structs.FieldInfo) -> click.Option:
    meta, kind = _annotation(room, field.name)
    about = meta.description or ""
    if meta.ge is not None and meta.le is not None:
        about += f"; {meta.ge:g} to {meta.le:g}"
    about += "; SIGHUP reloads it" if _reloads(meta) else ""
    default = f"  [default: {field.default}]" if field.default not in (None, msgspec.NODEFAULT) else ""
    literal = next((each for each in (kind, *typing.get_args(kind)) if typing.get_origin(each) is typing.Literal), None)
    choices = "|".join(map(str, typing.get_args(literal))) if literal else None
    names = {int: "NUMBER", float: "NUMBER"}
    return click.Option(
        [_flag(field.name), field.name], metavar=choices or names.get(kind, "TEXT"), help=about + default
    )


def _reloads(meta: msgspec.Meta) -> bool:
    """Whether SIGHUP may change what `meta` annotates."""
    return bool((meta.extra or {}).get("reloads"))


def _annotation(room: Room, name: str) -> tuple[msgspec.Meta, Any]:
    hint = typing.get_type_hints(room, include_extras=True)[name]
    kind, *metas = typing.get_args(hint)
    meta = next((each for each in metas if isinstance(each, msgspec.Meta)), msgspec.Meta())
    return meta, kind


def _build(room: type[_Settings], values: Mapping[str, Any]) -> _Settings:
    """`room` with those of `values` that are its own, each checked against its annotation."""
    hints = typing.get_type_hints(room, include_extras=True)
    checked = {}
    for name in room.__struct_fields__:
        if name in values:
            try:
                checked[name] = msgspec.convert(values[name], hints[name], strict=False)
            except msgspec.ValidationError as error:
                meta, kind = _annotation(room, name)
                choices = typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()
                expected = f"expected {' or '.join(choices)}" if choices else str(error)[:1].lower() + str(error)[1:]
                raise UnusableError(f"{_flag(name)} is {values[name]!r}: {expected} ({meta.description})") from error
    try:
        return room(**checked)
    except ValueError as error:  # what a room's own __post_init__ finds
        raise UnusableError(str(error)) from error


def _read(path: Path) -> Values:
    try:
        return _plain(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise UnusableError(f"cannot read the configuration {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableError(f"{path} is not TOML: {error}") from error


def _plain(table: Mapping[str, Any]) -> Values:
    """With keys as fields are named: a word of Python's has an underscore behind it there."""
    return {key.replace("-", "_") + "_" * keyword.iskeyword(key): value for key, value in table.items()}


def _refuse_unknown(table: Mapping[str, Any], known: list[str], where: str | None) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.0)
            raise UnusableError(f"{where}: there is no option {key!r}; the nearest is {near[0].replace('_', '-')!r}")


def _flag(name: str) -> str:
    return "--" + name.rstrip("_").replace("_", "-")
