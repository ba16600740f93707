"""Prometheus' text exposition format, version 0.0.4: families of samples, a line for each.

Our own few lines instead of `prometheus_client`: all numbers are counted already, without a lock, and what that
library adds is a lock around each count and a server with a thread for every connection. The tests read what
comes out with its parser.
"""

from collections.abc import Iterator
from typing import Literal, Self

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Family:
    """Samples of one name that differ by their labels."""

    def __init__(self, name: str, kind: Literal["counter", "gauge", "histogram"], about: str) -> None:
        self._head = f"# HELP {name} {about}\n# TYPE {name} {kind}\n"
        self._name = name
        self._lines: list[str] = []

    def add(self, value: float, **labels: str) -> Self:
        """One sample."""
        self._lines.append(_line(self._name, value, labels))
        return self

    def add_histogram(self, bounds: tuple[float, ...], counts: list[int], total: float, **labels: str) -> Self:
        """`counts` of what was at most each of `bounds`, and more than the one before; the last: more than all."""
        so_far = 0
        for bound, count in zip((*map(str, bounds), "+Inf"), counts, strict=True):
            so_far += count
            self._lines.append(_line(f"{self._name}_bucket", so_far, labels | {"le": bound}))
        self._lines.append(_line(f"{self._name}_sum", total, labels))
        self._lines.append(_line(f"{self._name}_count", so_far, labels))
        return self

    def pieces(self) -> Iterator[str]:
        """The text, in pieces of some lines each; nothing where there is no sample."""
        if self._lines:
            yield self._head
        for at in range(0, len(self._lines), _PIECE_LINES):
            yield "".join(self._lines[at : at + _PIECE_LINES])


_PIECE_LINES = 200


def _line(name: str, value: float, labels: dict[str, str]) -> str:
    inside = ",".join(f'{key}="{each.translate(_ESCAPES)}"' for key, each in labels.items())
    return f"{name}{{{inside}}} {value!r}\n" if inside else f"{name} {value!r}\n"
