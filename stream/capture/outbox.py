"""Packets on their way into a pipe: at once where it takes them, else by the thread that waits for room."""

import os
import select
import threading
from collections import deque

from stream.capture.wire import Packet, pack


class Outbox:
    """Any thread puts, and never waits, not even for another thread; one flushes."""

    def __init__(self, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self._pipe = pipe
        self._packets: deque[memoryview] = deque()
        self._writing = threading.Lock()
        self._left = threading.Semaphore(0)  # counts what `put` left to `flush`
        self._room = select.poll()
        self._room.register(pipe, select.POLLOUT)

    def __len__(self) -> int:
        """Packets that the pipe has not taken yet."""
        return len(self._packets)

    def put(self, packet: Packet) -> None:
        """Send `packet` after those before it. Raises BrokenPipeError where nobody will ever read."""
        self._packets.append(memoryview(pack(packet)))
        if not self._write():
            self._left.release()

    def flush(self) -> None:
        """Wait until something is left to do, and do it. Raises BrokenPipeError where nobody will ever read."""
        self._left.acquire()
        while not self._write():
            self._room.poll()

    def _write(self) -> bool:
        """Write what the pipe takes. False where something may be left."""
        if not self._writing.acquire(blocking=False):
            return False
        try:
            while self._packets:
                packet = self._packets[0]
                sent = os.write(self._pipe, packet)
                if sent < len(packet):
                    self._packets[0] = packet[sent:]
                else:
                    self._packets.popleft()
        except BlockingIOError:
            return False
        finally:
            self._writing.release()
        return not self._packets
