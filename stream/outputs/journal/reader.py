"""Reading the journal: a topic's messages from a sequence on, found by going through an epoch's files in order.

Lines are the daemon's own, so a line's topic is told by how it begins and by the stream that it names, without
decoding it. A last line without its end is what a crash left, and is passed over. Each question costs a bounded
amount of reading: it begins in the last file whose first lines show that what is wanted cannot be before it; where
one ends, the next that goes on there begins.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from stream.outputs.history import CHUNK_BYTES, CHUNK_MESSAGES, Chunk
from stream.outputs.journal.segments import Segment, list_segments

_PIECE_BYTES = 256 << 10  # read and gone through at once: less than a millisecond
_QUESTION_BYTES = 32 << 20  # gone through for one question
_PLACES = 1000  # where questions ended that are remembered


class _Place(NamedTuple):
    """Where to go on."""

    number: int  # of the segment
    offset: int  # in it


_BEGINNING = _Place(0, 0)


class _Head(msgspec.Struct):
    sequence: int


class JournalReader:
    """Finds messages in the files of `folder`. Used by one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: OrderedDict[tuple[str, bytes, int], _Place] = OrderedDict()  # by epoch, topic and sequence

    def since(self, epoch: str, topic: bytes, sequence: int) -> Chunk | None:
        """Messages from `sequence` on, up to a hole among them; None where the epoch is in no file. Raises OSError."""
        segments = [segment for segment in list_segments(self._folder) if segment.epoch == epoch]
        if not segments:
            return None
        begin, mark = _marks(topic)
        start = self._places.pop((epoch, topic, sequence), None) or _find_start(segments, begin, mark, sequence)
        found: list[bytes] = []
        following, size, gone = sequence, 0, 0
        for place, lines in _pieces(segments, start):
            for line in lines.split(b"\n"):
                if not line.startswith(begin) or mark not in line or (number := _sequence(line)) < following:
                    continue
                full = len(found) == CHUNK_MESSAGES or size + len(line) > CHUNK_BYTES
                if found and (full or number > following):
                    self._remember((epoch, topic, following), place)
                    return Chunk(following - len(found), found, following, more=True)
                found.append(line)
                following, size = number + 1, size + len(line)
            gone += len(lines)
            if gone > _QUESTION_BYTES:
                self._remember((epoch, topic, following), _Place(place.number, place.offset + len(lines) + 1))
                return Chunk(following - len(found), found, following, more=True)
            time.sleep(0)  # others may have the interpreter
        return Chunk(following - len(found) if found else None, found, following, more=False)

    def _remember(self, asked: tuple[str, bytes, int], place: _Place) -> None:
        self._places[asked] = place
        if len(self._places) > _PLACES:
            self._places.popitem(last=False)


def _find_start(segments: Sequence[Segment], begin: bytes, mark: bytes, sequence: int) -> _Place:
    """The last segment that has a message up to `sequence` in its first piece; else the first segment."""
    for segment in reversed(segments):
        _, lines = next(_pieces([segment], _BEGINNING), (None, b""))
        numbers = (_sequence(line) for line in lines.split(b"\n") if line.startswith(begin) and mark in line)
        if 0 <= next((number for number in numbers if number >= 0), -1) <= sequence:
            return _Place(segment.number, 0)
    return _BEGINNING


def _pieces(segments: Iterable[Segment], start: _Place) -> Iterator[tuple[_Place, bytes]]:
    """Whole lines from `start` on, some at a time, and where they are."""
    for segment in segments:
        if segment.number < start.number:
            continue
        at = start.offset if segment.number == start.number else 0
        try:
            with segment.path.open("rb") as file:
                file.seek(at)
                rest = b""
                while piece := file.read(_PIECE_BYTES):
                    lines, end, after = (rest + piece).rpartition(b"\n")
                    if end:
                        yield _Place(segment.number, at), lines
                        at += len(lines) + 1
                    rest = after if end else rest + piece
        except FileNotFoundError:  # too old meanwhile
            continue


def _marks(topic: bytes) -> tuple[bytes, bytes]:
    """How a line of `topic` begins, and what else is in it."""
    kind, _, name = topic.rstrip(b"/").partition(b"/")
    key = b"daemon" if kind == b"health" else b"stream"
    return b'{"schema":"genderstream.%s/' % kind, b'"%s":"%s"' % (key, name)


def _sequence(line: bytes) -> int:
    """The message's number; -1 where the line is damaged."""
    try:
        return msgspec.json.decode(line, type=_Head).sequence
    except msgspec.DecodeError:
        return -1
