"""Lines on standard error from a thread of their own: whoever reads them may be slow or asleep, the worker never is."""

import os
import queue
import threading

_KEPT = 1000  # lines that wait for a slow reader; what comes on top is left out, and counted
_PATIENCE = 0.3  # seconds at the end for what still waits


class Lines:
    """Prints in the order of `put`, as long as somebody reads."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[str | None] = queue.Queue(_KEPT)
        self._left_out = 0
        self._thread = threading.Thread(target=self._print_all, name="lines", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Print `line` soon; from any thread, without waiting."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._left_out += 1

    def close(self) -> None:
        """Let the last lines out, as far as somebody reads them now."""
        if self._left_out:
            self.put(f"({self._left_out} lines were left out: nobody read standard error)")
        try:
            self._waiting.put(None, timeout=_PATIENCE)
        except queue.Full:
            return
        self._thread.join(_PATIENCE)

    def _print_all(self) -> None:
        while (line := self._waiting.get()) is not None:
            content = line.encode() + b"\n"
            while content:  # not through sys.stderr: a write that waits would hold its lock at the process's end
                content = content[os.write(2, content) :]
