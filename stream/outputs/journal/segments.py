"""The journal's files: NUMBER-TIME-EPOCH.jsonl, messages as they were published, a line each.

An epoch has files of its own. Numbers rise, whatever the clock does; TIME is UTC, when the file was begun. Only
files that are named so are ever read or deleted.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

_NAME = re.compile(r"(\d{8,})-(\d{8}T\d{6}Z)-([A-Za-z0-9]{1,64})\.jsonl")
_TIME = "%Y%m%dT%H%M%SZ"


class JournalSettings(msgspec.Struct, frozen=True):
    """Whether, where and how long messages are kept in files."""

    journal: Annotated[
        str | None, Meta(description="folder to keep all messages in, as lines of JSON; without it they are in no file")
    ] = None
    journal_mib: Annotated[int, Meta(ge=1, le=1 << 24, description="MiB that the journal takes at most")] = 1024
    journal_days: Annotated[
        float, Meta(ge=0.01, le=36_500.0, description="days after which messages leave the journal")
    ] = 30.0


class Segment(NamedTuple):
    """One file."""

    number: int
    began: datetime
    epoch: str
    path: Path


def list_segments(folder: Path) -> list[Segment]:
    """Those in `folder`, oldest first. Raises OSError."""
    return sorted(segment for path in folder.iterdir() if (segment := _segment(path)) is not None)


def next_segment(folder: Path, epoch: str) -> Segment:
    """The file that comes next. Raises OSError."""
    number = max((segment.number for segment in list_segments(folder)), default=0) + 1
    began = datetime.now(UTC)
    return Segment(number, began, epoch, folder / f"{number:08d}-{began:{_TIME}}-{epoch}.jsonl")


def total_bytes(segments: Iterable[Segment]) -> int:
    """Their size on disk; of those that are gone meanwhile, none."""
    return sum(_size(segment.path) for segment in segments)


def prune(folder: Path, most_bytes: int, days: float) -> int:
    """Delete the oldest files until at most `most_bytes` are left, and none from before `days`; say how many are left.

    Raises OSError.
    """
    segments = list_segments(folder)
    held = total_bytes(segments)
    oldest = datetime.now(UTC) - timedelta(days=days)
    for segment in segments:
        if held > most_bytes or segment.began < oldest:
            held -= _size(segment.path)
            segment.path.unlink(missing_ok=True)
    return held


def _segment(path: Path) -> Segment | None:
    if (match := _NAME.fullmatch(path.name)) is None:
        return None
    try:
        began = datetime.strptime(match[2], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Segment(int(match[1]), began, match[3], path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
