"""Streams' names, each given once in an epoch, however many come and go: in memory that does not grow.

A topic's sequence numbers begin at 0 and never repeat, so a name must not come back with a new stream, long
after the old one was forgotten. A Bloom filter remembers them: it never forgets one, and now and then (1 in
200 when full) takes a new name for an old one, which then gets a number behind it like any other namesake.
"""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import count
from typing import Protocol

MOST_CHARACTERS = 64

_BITS = 1 << 26  # 8 MiB, of which the operating system gives the pages that are touched
_MARKS = 7  # bits a name sets
_MOST_REMEMBERED = 6_000_000  # names; from then on each gets a number that no other name ends in
_MOST_HINTS = 4096


class Namer(Protocol):
    """Where new streams get their names."""

    def give(self, wanted: str) -> str:
        """`wanted`, or another where that was given before."""


class Names:
    """Gives names `[A-Za-z0-9._-]{1,64}`. Used under a lock."""

    def __init__(self, most: int = _MOST_REMEMBERED) -> None:
        self._bits = bytearray(_BITS // 8)
        self._left = most
        self._serial = count(most)
        self._hints: dict[str, int] = {}  # number to try first for the next namesake

    def give(self, wanted: str) -> str:
        """`wanted`, or `wanted-2`, `-3`, … where it has been given before."""
        if not self._left:
            return next(name for name, _ in _numbered(wanted, self._serial) if not self._is_marked(name))
        self._left -= 1
        if not self._is_marked(wanted):
            name = wanted
        else:
            if len(self._hints) >= _MOST_HINTS:
                self._hints.clear()
            numbered = _numbered(wanted, count(self._hints.get(wanted, 2)))
            name, number = next(pair for pair in numbered if not self._is_marked(pair[0]))
            self._hints[wanted] = number + 1
        for at in _marks(name):
            self._bits[at >> 3] |= 1 << (at & 7)
        return name

    def _is_marked(self, name: str) -> bool:
        return all(self._bits[at >> 3] & 1 << (at & 7) for at in _marks(name))


def _numbered(wanted: str, numbers: Iterator[int]) -> Iterator[tuple[str, int]]:
    for number in numbers:
        end = f"-{number}"
        yield wanted[: MOST_CHARACTERS - len(end)] + end, number


def _marks(name: str) -> Iterator[int]:
    digest = blake2b(name.encode(), digest_size=4 * _MARKS).digest()
    return (int.from_bytes(digest[at : at + 4]) % _BITS for at in range(0, len(digest), 4))
