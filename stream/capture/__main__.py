"""The capture process: `python -m stream.capture DEVICE LEAST-CHANNELS [CHANNELS RATE]`.

Finds the device and says what it is; once a block's length in frames comes on standard input, opens it and sends
every block.
Ends when standard input does, so that it never outlives whoever started it.

Each block costs one wake-up. What the pipe does not take at once is left to another thread, so that the device is
always read in time. After Lost, whoever started us ends us.
"""

import os
import signal
import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

from models import UnusableError
from stream.capture.device import choose_channels, choose_rate, find_device, portaudio
from stream.capture.outbox import Outbox
from stream.capture.pieces import LOOKS, Pieces
from stream.capture.pulse import watch_source
from stream.capture.wire import Block, Device, Lost, Opened, Packet, Refused, pack

if TYPE_CHECKING:
    import sounddevice

_KEPT_SECONDS = 10  # of audio, while nobody reads
_MOST_BYTES = 100  # of a line on standard input
_STANDARD_INPUT, _STANDARD_OUTPUT = 0, 1


class _Capture:
    """One opened device."""

    def __init__(self, device: Device, index: int, block: int) -> None:
        self._device, self._index, self._block = device, index, block
        self._most_blocks = _KEPT_SECONDS * device.rate // block
        self._outbox = Outbox(_STANDARD_OUTPUT)
        self._frames = 0  # so far, those thrown away counted

    def run(self) -> None:
        """Send packets until the device has gone. Raises PortAudioError where it does not open."""
        with portaudio().RawInputStream(
            device=self._index, samplerate=self._device.rate, channels=self._device.channels, dtype="int16",
            blocksize=self._block, latency="low",
        ) as stream:  # fmt: skip
            self._outbox.put(Opened())
            for work in (self._flush, lambda: watch_source(self._outbox.put)):
                threading.Thread(target=work, daemon=True).start()
            try:
                self._read(stream)
            except portaudio().PortAudioError:
                self._outbox.put(Lost("the device has gone"))
                signal.pause()

    def _read(self, stream: "sounddevice.RawInputStream") -> None:
        """Send block after block. Raises PortAudioError once the device has gone."""
        stream.read(self._block)
        stream.read(stream.read_available)  # the first block begins with what comes next, and ends with what does
        pieces = Pieces(self._device.rate, time.monotonic(), self._frames)
        while True:
            count = self._await(stream, pieces)
            content, overflow = stream.read(count)
            if len(self._outbox) < self._most_blocks:  # else nobody has read for long
                self._outbox.put(Block(time.monotonic(), self._frames, overflow, bytes(content)))
            self._frames += count

    def _await(self, stream: "sounddevice.RawInputStream", pieces: Pieces) -> int:
        """Sleep until a block's end is there; where that cannot be foreseen, reading waits for it. How much to read.

        Reading alone would wait, under ALSA, for a whole block beside what is there of this one: up to a block longer.
        Whatever is there is read: of a piece that is half read, libpulse waits for ever for the rest to be, should the
        server end then (`pa_memimport_free`).
        """
        end = (self._frames // self._block + 1) * self._block
        time.sleep(max(pieces.due(end) - time.monotonic(), 0.0))
        since = 0.0
        for look in LOOKS:
            available: int = stream.read_available
            pieces.see(time.monotonic(), self._frames + available, since)
            if self._frames + available >= end:
                return available
            time.sleep(look)
            since = look
        return end - self._frames

    def _flush(self) -> None:
        while True:
            self._outbox.flush()


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
    block = os.read(_STANDARD_INPUT, _MOST_BYTES)
    if not block:
        _leave(0)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        _Capture(device, found["index"], int(block)).run()
    except portaudio().PortAudioError as error:
        _send(Refused(f"{device.name} cannot be opened ({error.args[0]})", unusable=False))
        _leave(1)


if __name__ == "__main__":
    _main(*sys.argv[1:])
