"""Lines on standard error, the one place where they are written: for people, for journald, or as JSON.

A line may begin with its priority as journald and the kernel know it, `<4>`; without one it is information. Daemons
write from a thread of their own: whoever reads may be slow or asleep, the worker never is.
"""

import atexit
import os
import re
import threading
import time
from datetime import UTC, datetime
from functools import cache
from queue import SimpleQueue
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

_KEPT = 1000  # lines that wait for a slow reader; what comes on top is left out, and counted
_PATIENCE = 0.3  # seconds at the end for what still waits
_GATHERING = 0.05  # seconds in which lines come together: each time this thread wakes, the worker has to wait
_STANDARD_ERROR = 2
_LEVELS = {"3": "error", "4": "warning", "6": "info"}  # by priority, as in syslog(3)
_MARK = re.compile("<([346])>")


class LogSettings(msgspec.Struct, frozen=True):
    """What is said on standard error."""

    log: Annotated[
        Literal["text", "json"],
        Meta(description="lines on standard error: text, or json, an object a line with time, level and message"),
    ] = "text"


class _Chosen:
    """How this process writes; there is one standard error."""

    json = False


def choose_log(settings: LogSettings) -> None:
    """From now on write as `settings` say."""
    _Chosen.json = settings.log == "json"


def is_for_people() -> bool:
    """Whether a terminal may show more than lines."""
    return not _Chosen.json


def parted(line: str) -> tuple[str, str]:
    """Priority and text of a line."""
    mark = _MARK.match(line)
    return (mark[1], line[mark.end() :]) if mark else ("6", line)


def written(line: str) -> bytes:
    """The line as it goes out; journald reads the priority, and shows it as colour and filter."""
    priority, text = parted(line.encode(errors="replace").decode())  # a file's name may be no text
    if _Chosen.json:
        content = {"time": datetime.now(UTC), "level": _LEVELS[priority], "message": text}
        text = msgspec.json.encode(content).decode()
    return (f"<{priority}>{text}\n" if _goes_to_journal() else f"{text}\n").encode()


def write(*lines: str) -> None:
    """Write `lines` at once, and wait until they are out. Raises OSError where standard error takes none."""
    content = b"".join(map(written, lines))
    while content:  # not through sys.stderr: a write that waits would hold its lock at the process's end
        content = content[os.write(_STANDARD_ERROR, content) :]


@cache
def _goes_to_journal() -> bool:
    """Whether standard error is what systemd connected to the journal, which says so by device and inode."""
    found = os.environ.get("JOURNAL_STREAM", "")
    try:
        status = os.fstat(_STANDARD_ERROR)
    except OSError:
        return False
    return found == f"{status.st_dev}:{status.st_ino}"


class Lines:
    """Prints in the order of `put`, as long as somebody reads; what cannot be written is counted."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[str | None] = SimpleQueue()
        self._left_out = 0  # there was no room
        self._unwritten = 0  # standard error took none, since it last took any; the thread's own
        self._thread = threading.Thread(target=self._print_all, name="lines", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # whoever gives up before the daemon runs has said why, too

    def put(self, line: str) -> None:
        """Print `line` soon; from any thread, without waiting."""
        if self._waiting.qsize() < _KEPT:
            self._waiting.put(line)
        else:
            self._left_out += 1

    def close(self) -> None:
        """Let the last lines out, as far as somebody reads them now."""
        if not self._thread.is_alive():
            return
        if self._left_out:
            self._waiting.put(f"({self._left_out} lines were left out: nobody read standard error)")
        self._waiting.put(None)
        self._thread.join(_PATIENCE)

    def _print_all(self) -> None:
        more = True
        while more:
            lines = [self._waiting.get()]
            time.sleep(_GATHERING)
            lines += [self._waiting.get() for _ in range(self._waiting.qsize())]
            more = lines[-1] is not None
            self._print(*(line for line in lines if line is not None))

    def _print(self, *lines: str) -> None:
        before = [f"({self._unwritten} lines were left out: standard error took none)"] if self._unwritten else []
        try:
            write(*before, *lines)
            self._unwritten = 0
        except OSError:  # its disk is full, or its reader has gone: later lines may have better luck
            self._unwritten += len(lines)
