"""The journal's files: NUMBER-TIME-EPOCH.jsonl, messages as they were published, a line each.

An epoch has files of its own. Numbers rise, whatever the clock does; TIME is UTC, when the file was begun. Only
files that are named so are ever read or deleted.
"""

import math
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

_NAME = re.compile(r"(\d{8,})-\d{8}T\d{6}Z-([A-Za-z0-9]{1,64})\.jsonl")
_TIME = "%Y%m%dT%H%M%SZ"
_DAY_SECONDS = 86_400.0


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
    epoch: str
    path: Path


def list_segments(folder: Path) -> list[Segment]:
    """Those in `folder`, oldest first. Raises OSError."""
    return sorted(segment for path in folder.iterdir() if (segment := _segment(path)) is not None)


def next_segment(folder: Path, epoch: str) -> Segment:
    """The file that comes next. Raises OSError."""
    number = max((segment.number for segment in list_segments(folder)), default=0) + 1
    return Segment(number, epoch, folder / f"{number:08d}-{datetime.now(UTC):{_TIME}}-{epoch}.jsonl")


def total_bytes(segments: Iterable[Segment]) -> int:
    """Their size on disk; of those that are gone meanwhile, none."""
    return sum(_look_at(segment.path)[0] for segment in segments)


def prune(folder: Path, most_bytes: int, days: float) -> int:
    """Delete the oldest files until at most `most_bytes` are left, and those that were last written before `days`.

    The number of bytes that are left. Raises OSError.
    """
    segments = list_segments(folder)
    held = total_bytes(segments)
    oldest = time.time() - days * _DAY_SECONDS
    for segment in segments:
        size, written = _look_at(segment.path)
        if held > most_bytes or written < oldest:
            held -= size
            segment.path.unlink(missing_ok=True)
    return held


def _segment(path: Path) -> Segment | None:
    if (match := _NAME.fullmatch(path.name)) is None:
        return None
    return Segment(int(match[1]), match[2], path)


def _look_at(path: Path) -> tuple[int, float]:
    """Bytes, and seconds since the epoch when it was last written; no bytes where it is gone."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, math.inf
    return status.st_size, status.st_mtime
