"""Writing the journal: in a thread of its own, so that a full, slow or missing disk costs these lines and no more."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from models import UnusableError
from stream.messages import JournalHealth
from stream.outputs.journal.segments import JournalSettings, next_segment, prune
from stream.words import WARNING

_WAITING_BYTES = 16 << 20  # that wait for a slow disk; what comes on top is lost, and counted
_BATCH_BYTES = 256 << 10  # written at once
_SEGMENT_BYTES = 16 << 20  # of a file, at most; an eighth of the journal, where that is less
_SEGMENT_SECONDS = 3600.0  # after which another file is begun, so that old messages can go
_GATHER_SECONDS = 0.1  # between looks at what waits: nobody need be woken for a message
_RETRY_SECONDS = 1.0  # after a failure
_PATIENCE = 2.0  # seconds at the end for what still waits


def open_journal(settings: JournalSettings, epoch: str, say: Callable[[str], None]) -> "Journal | None":
    """The journal that `settings` ask for, if any. Raises UnusableError where their folder can never be one."""
    return Journal(Path(settings.journal), settings, epoch, say) if settings.journal else None


class Journal:
    """Appends messages to files. `put` belongs to one thread and never waits; `health` may be asked by any."""

    def __init__(self, folder: Path, settings: JournalSettings, epoch: str, say: Callable[[str], None]) -> None:
        """Raises UnusableError where `folder` can never be one. One that is missing or full may come right again."""
        if "\0" in str(folder) or (os.path.exists(folder) and not os.path.isdir(folder)):  # noqa: PTH110, PTH112 - no OSError
            raise UnusableError(f"--journal is {folder}: that is no folder; choose another")
        self.folder = folder
        self._epoch, self._days, self._say = epoch, settings.journal_days, say
        self._most_bytes = settings.journal_mib << 20
        self._segment_bytes = min(self._most_bytes // 8, _SEGMENT_BYTES)
        self._waiting: deque[bytes] = deque()
        self._put_bytes = self._done_bytes = 0  # written by the one who puts, and by the thread here
        self._lost = self._written = 0  # messages; counted by who puts, and by the thread here
        self._batch: list[bytes] = []  # taken from those that wait, not yet written
        self._file: int | None = None  # descriptor
        self._size = self._held = 0  # bytes of the file, and of those before
        self._rotate_at = 0.0  # time.monotonic
        self._error: str | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._thread.start()

    def put(self, content: bytes) -> None:
        """Append a message soon, or count it as lost."""
        if self._put_bytes - self._done_bytes + len(content) > _WAITING_BYTES:
            self._lost += 1
            return
        self._put_bytes += len(content)
        self._waiting.append(content)

    def health(self) -> JournalHealth:
        """What became of the messages so far."""
        return JournalHealth(
            written=self._written,
            lost=self._lost,
            waiting=len(self._waiting) + len(self._batch),
            bytes=self._held + self._size,
            error=self._error,
        )

    def close(self) -> None:
        """Write what still waits, as far as the disk takes it soon; say what was lost."""
        self._closing.set()
        self._thread.join(_PATIENCE)
        health = self.health()
        if lost := health.lost + health.waiting:
            self._say(f"{WARNING}journal: {lost} messages were lost, {health.written} are in {self.folder}")

    def _write_all(self) -> None:
        ending = False
        while not ending:
            ending = self._closing.wait(_RETRY_SECONDS if self._error else _GATHER_SECONDS)
            try:
                self._write_waiting()
            except OSError as error:
                self._fail(error)
        self._close_file()

    def _write_waiting(self) -> None:
        batch_bytes = min(_BATCH_BYTES, self._segment_bytes)
        while self._batch or self._waiting:
            size = sum(map(len, self._batch))
            while self._waiting and (not self._batch or size + len(self._waiting[0]) < batch_bytes):
                self._batch.append(self._waiting.popleft())
                size += len(self._batch[-1])
            self._append(b"".join(content + b"\n" for content in self._batch))
            self._written += len(self._batch)
            self._done_bytes += size
            self._batch.clear()
            if self._error:
                self._say(f"journal: writing again in {self.folder}; {self._lost} messages are lost")
                self._error = None

    def _append(self, lines: bytes) -> None:
        """Write whole lines, or none."""
        if self._file is not None and os.fstat(self._file).st_nlink == 0:  # somebody deleted it
            self._close_file()
        if self._file is None or self._size + len(lines) > self._segment_bytes or time.monotonic() > self._rotate_at:
            self._begin_file(len(lines))
        assert self._file is not None
        done = 0
        try:
            while done < len(lines):
                done += os.write(self._file, lines[done:])
        except OSError:
            self._undo()
            raise
        self._size += done

    def _begin_file(self, size: int) -> None:
        self._close_file()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._held = prune(self.folder, self._most_bytes - max(self._segment_bytes, size), self._days)
        path = next_segment(self.folder, self._epoch).path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)
        self._rotate_at = time.monotonic() + _SEGMENT_SECONDS

    def _undo(self) -> None:
        """Take back the torn line of a write that failed; where even that fails, go on in another file."""
        assert self._file is not None
        try:
            os.ftruncate(self._file, self._size)
        except OSError:
            self._close_file()

    def _close_file(self) -> None:
        if self._file is None:
            return
        file, self._file = self._file, None
        self._held += self._size
        self._size = 0
        try:
            os.fdatasync(file)
        except OSError as error:
            self._fail(error)
        finally:
            os.close(file)

    def _fail(self, error: OSError) -> None:
        reason = error.strerror or str(error)
        if reason != self._error:
            self._say(
                f"{WARNING}journal: cannot write in {self.folder}: {reason}; trying again, health counts what is lost"
            )
        self._error = reason
