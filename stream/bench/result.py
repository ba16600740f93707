"""What a measurement yields: numbers, and what could not be measured."""

import importlib
from types import ModuleType
from typing import NamedTuple

import msgspec

from stream.bench import MEASUREMENTS


class Bar(NamedTuple):
    """What a number means, and what it should reach."""

    meaning: str
    unit: str
    bar: float | None = None  # None: it is there to be looked at
    stretch: float | None = None
    least: bool = False  # True: the smaller the better


class Number(msgspec.Struct, frozen=True, tag=True):
    """One number of this run."""

    name: str
    value: float


class Skipped(msgspec.Struct, frozen=True, tag=True):
    """What cannot be measured here, and why."""

    names: tuple[str, ...]
    reason: str


Result = Number | Skipped


def module_of(measurement: str) -> ModuleType:
    """The module that measures it."""
    return importlib.import_module(f"stream.bench.{measurement}")


def bars() -> dict[str, Bar]:
    """The bar of every number, by its name, in the order in which they are measured."""
    return {name: bar for measurement in MEASUREMENTS for name, bar in module_of(measurement).RESULTS.items()}


def passes(value: float, limit: float | None, *, least: bool) -> bool:
    """Whether `value` reaches `limit`; nothing is reached where there is none."""
    return limit is not None and (value <= limit if least else value >= limit)
