"""Our side of a capture process: start it, read its packets, and be rid of it whatever it is doing."""

import os
import select
import struct
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from stream.capture.wire import Device, Lost, Packet, Unpacker

_MOST_BYTES = 1 << 16  # a read
_REAPING_SECONDS = 1.0
_ROOT = Path(__file__).parents[2]  # where the package `stream` is found


class CaptureProcess:
    """One device in a process of its own. Used by one thread."""

    def __init__(self, wanted: str, least_channels: int, like: Device | None = None) -> None:
        """Start it; `like` fixes channels and rate. A group of its own keeps the terminal's Ctrl-C from it."""
        fixed = [str(like.channels), str(like.rate)] if like else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stream.capture", wanted, str(least_channels), *fixed],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, process_group=0,
            env=os.environ | {"PYTHONPATH": f"{_ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        )  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: PT018 - both are pipes
        self._input, self._output = self._process.stdin, self._process.stdout.fileno()
        self._poll = select.poll()  # select itself cannot wait for descriptors above 1023
        self._poll.register(self._output, select.POLLIN)
        self._unpacker = Unpacker()
        self._packets: deque[Packet] = deque()

    def open(self, block: int) -> None:
        """Let it open its device, for blocks of so many frames. What has died says so by what can be read of it."""
        try:
            self._input.write(b"%d\n" % block)
        except BrokenPipeError:
            return

    def next(self, timeout: float) -> Packet | None:
        """The next packet; None where none came within `timeout` seconds. Lost, at its end."""
        until = time.monotonic() + timeout
        while not self._packets:
            if not self._poll.poll(max(until - time.monotonic(), 0.0) * 1000):
                return None
            content = os.read(self._output, _MOST_BYTES)
            if not content:
                return Lost(f"its capture process ended with status {self._process.wait(_REAPING_SECONDS)}")
            try:
                self._packets += self._unpacker.push(content)
            except (LookupError, TypeError, ValueError, struct.error):
                return Lost("its capture process sent what nobody understands")
        return self._packets.popleft()

    def kill(self) -> None:
        """End it, even where it hangs in a driver or is stopped."""
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # a driver may keep even the dead; they are reaped later
            self._process.wait(_REAPING_SECONDS)
        self._input.close()
        assert self._process.stdout is not None
        self._process.stdout.close()
