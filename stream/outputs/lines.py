"""Lines on standard error from a thread of their own: whoever reads them may be slow or asleep, the worker never is."""

import os
import threading
import time
from queue import SimpleQueue

_KEPT = 1000  # lines that wait for a slow reader; what comes on top is left out, and counted
_PATIENCE = 0.3  # seconds at the end for what still waits
_GATHERING = 0.05  # seconds in which lines come together: each time this thread wakes, the worker has to wait


class Lines:
    """Prints in the order of `put`, as long as somebody reads."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[str | None] = SimpleQueue()
        self._left_out = 0
        self._thread = threading.Thread(target=self._print_all, name="lines", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Print `line` soon; from any thread, without waiting."""
        if self._waiting.qsize() < _KEPT:
            self._waiting.put(line)
        else:
            self._left_out += 1

    def close(self) -> None:
        """Let the last lines out, as far as somebody reads them now."""
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
            content = "".join(f"{line}\n" for line in lines if line is not None).encode()
            while content:  # not through sys.stderr: a write that waits would hold its lock at the process's end
                content = content[os.write(2, content) :]
