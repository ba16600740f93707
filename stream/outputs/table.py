"""Records as rows of a file: JSON lines or CSV."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

import msgspec

from models import UnusableError
from stream.messages import AnyMessage, WindowMessage, encode


class Table(Protocol):
    """Takes messages, each with the path of the recording that it is about."""

    def add(self, file: str, message: AnyMessage) -> None:
        """Write one row."""


class JsonLines:
    """One JSON object a line: `file`, then the message as the topic would carry it."""

    def __init__(self, out: TextIO, labels: tuple[str, str]) -> None:
        self._out = out

    def add(self, file: str, message: AnyMessage) -> None:
        """Write one row."""
        self._out.write(f'{{"file":{msgspec.json.encode(file).decode()},{encode(message)[1:].decode()}\n')


class Csv:
    """Window messages alone, for a table's rows are alike: fields as columns, inner ones as `smoothed.label`."""

    def __init__(self, out: TextIO, labels: tuple[str, str]) -> None:
        self._labels = labels
        self._rows = csv.writer(out)
        self._began = False

    def add(self, file: str, message: AnyMessage) -> None:
        """Write one row, null as nothing, and the names before the first."""
        if not isinstance(message, WindowMessage):
            return
        row = {"file": file} | msgspec.to_builtins(message)
        if message.probability is None:
            row["probability"] = dict.fromkeys(self._labels)
        columns = dict(_flat(row))
        if not self._began:
            self._rows.writerow(columns)
            self._began = True
        self._rows.writerow(columns.values())


def _flat(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", each) for inner, each in value.items())
        else:
            yield key, value


@contextmanager
def opened_table(out: str | None, labels: tuple[str, str]) -> Iterator[Table]:
    """The table that `--out` names; standard output, as JSON lines, where it names none."""
    if out is None:
        yield JsonLines(sys.stdout, labels)
        return
    kinds: dict[str, type[JsonLines] | type[Csv]] = {".jsonl": JsonLines, ".csv": Csv}
    kind = kinds.get(Path(out).suffix)
    if kind is None:
        raise UnusableError(f"--out is {out}: expected a name that ends in .jsonl or .csv")
    try:
        file = Path(out).open("w", encoding="utf-8", newline="")  # noqa: SIM115 - closed below
    except OSError as error:
        raise UnusableError(f"cannot write {out}: {error.strerror}") from error
    with file:
        yield kind(file, labels)
