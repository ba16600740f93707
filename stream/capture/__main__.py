"""The capture process: `python -m stream.capture DEVICE LEAST-CHANNELS [CHANNELS RATE]`.

Finds the device and says what it is; once a byte comes on standard input, opens it and sends every block.
Ends when standard input does, so that it never outlives whoever started it.

PortAudio calls `_Capture.hear` in its own thread: there nothing is logged and nothing waits. What the pipe does not
take at once is left to the main thread. After Lost, whoever started us ends us.
"""

import os
import signal
import sys
import threading
import time
from types import TracebackType
from typing import Any

from models import UnusableError
from stream.capture.device import choose_channels, choose_rate, find_device, portaudio
from stream.capture.outbox import Outbox
from stream.capture.pulse import watch_source
from stream.capture.wire import Block, Device, Lost, Opened, Packet, Refused, pack

_BLOCK_SECONDS = 0.02
_MOST_BLOCKS = 500  # kept while nobody reads: 10 s
_STANDARD_INPUT, _STANDARD_OUTPUT = 0, 1


class _Capture:
    """One opened device."""

    def __init__(self, device: Device, index: int) -> None:
        self._device, self._index = device, index
        self._outbox = Outbox(_STANDARD_OUTPUT)
        self._frames = 0  # so far, those thrown away counted

    def run(self) -> None:
        """Send packets until the device has gone. Raises PortAudioError where it does not open."""
        with portaudio().RawInputStream(
            device=self._index, samplerate=self._device.rate, channels=self._device.channels, dtype="int16",
            blocksize=int(self._device.rate * _BLOCK_SECONDS), latency="low",
            callback=self.hear, finished_callback=lambda: self.tell(Lost("the device has gone")),
        ):  # fmt: skip
            self.tell(Opened())
            threading.Thread(target=watch_source, args=(self.tell,), daemon=True).start()
            while True:
                self._outbox.flush()

    def hear(self, content: Any, frames: int, _: Any, status: Any) -> None:
        """Send a block, unless nobody has read for long."""
        if len(self._outbox) < _MOST_BLOCKS:
            self._outbox.put(Block(time.monotonic(), self._frames, bool(status.input_overflow), bytes(content)))
        self._frames += frames

    def tell(self, packet: Packet) -> None:
        """Send `packet`."""
        self._outbox.put(packet)


def _send(packet: Packet) -> None:
    os.write(_STANDARD_OUTPUT, pack(packet))


def _leave(status: int) -> None:
    """End without closing the device, which may hang in its driver: the kernel closes all."""
    os._exit(status)


def _die_with_parent() -> None:
    os.read(_STANDARD_INPUT, 1)
    _leave(0)


def _fail(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """What nobody caught: standard error leads nowhere, so it goes through the pipe."""
    if not issubclass(kind, BrokenPipeError):
        _send(Refused(f"{kind.__name__}: {error}", unusable=False))
    _leave(1)


def _main(wanted: str, least: str, channels: str = "", rate: str = "") -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever started us ends us
        signal.signal(number, signal.SIG_IGN)
    sys.excepthook = _fail
    try:
        found = find_device(wanted)
    except UnusableError as error:
        _send(Refused(str(error), unusable=True))
        _leave(2)
    count = int(channels) if channels else choose_channels(found, int(least))
    device = Device(found["name"], count, int(rate) if rate else choose_rate(found, count))
    _send(Device(device.name, count, device.rate))
    if not os.read(_STANDARD_INPUT, 1):
        _leave(0)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        _Capture(device, found["index"]).run()
    except portaudio().PortAudioError as error:
        _send(Refused(f"{device.name} cannot be opened ({error.args[0]})", unusable=False))
        _leave(1)


if __name__ == "__main__":
    _main(*sys.argv[1:])
