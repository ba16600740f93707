"""A microphone or line input through PortAudio, in a process of its own that is started again when it fails.

A device that goes, hangs, loses too much or becomes another one costs that process; a new one looks for the
device by its name. The stream goes on through all of it: see `hearing`.
"""

import re

from models import GenderstreamError, UnusableError
from stream.capture.device import choose_block
from stream.capture.process import CaptureProcess
from stream.capture.wire import Device, Lost, Packet, Refused
from stream.sources import InputSettings, Intake
from stream.sources.channels import MOST_CHANNELS, MOST_NAME, ChannelWriter, check_format
from stream.sources.hearing import OPENING_SECONDS, DeviceLost, Hearing

_LOOK_UP_SECONDS = 0.25  # how often a silent device is left to see whether to stop


def open_source(source: str, settings: InputSettings) -> "Microphone":
    """`mic`, or `mic:NAME-OR-NUMBER`."""
    return Microphone(source.partition(":")[2], settings)


class Microphone:
    """A Source, live: when the worker is late, the oldest samples are overwritten and counted."""

    def __init__(self, wanted: str, settings: InputSettings) -> None:
        """Find the device. Raises UnusableError where it is not there."""
        self.source = f"mic:{wanted}" if wanted else "mic"
        self._wanted, self._settings = wanted, settings
        self._least = int(settings.channels) + 1 if settings.channels.isdigit() else 1
        self._process = CaptureProcess(wanted, self._least)
        try:
            self._device = _found(self._process.next(OPENING_SECONDS))
            name, channels = self._device.name, min(self._device.channels, MOST_CHANNELS)
            check_format(name, rate=self._device.rate, channels=channels, choice=settings.channels)
        except BaseException:
            self._process.kill()
            raise

    def capture(self, intake: Intake) -> None:
        """Push what the device hears until stopping, however often it must be opened again."""
        name = self._settings.stream or re.sub(r"[^A-Za-z0-9._-]+", "-", self._wanted)[:MOST_NAME].strip("-") or "mic"
        device = self._device
        writer = ChannelWriter(
            intake, name, self._settings, channels=device.channels, rate=device.rate, live=True, timed=True
        )
        hearing = Hearing(writer, device, intake)
        block = choose_block(device.rate, writer.pace)
        try:
            self._process.open(block)
            with writer:
                while not self._hear(hearing, intake, block) and not intake.stopping.wait(hearing.delay):
                    hearing.go_on()
                    self._process = CaptureProcess(device.name if self._wanted else "", self._least, like=device)
        finally:
            self._process.kill()

    def _hear(self, hearing: Hearing, intake: Intake, block: int) -> bool:
        """Take one process's packets: True when stopping, False when it is lost, and dead."""
        try:
            while not intake.stopping.wait(hearing.leisure):
                packet = self._process.next(_LOOK_UP_SECONDS)
                if isinstance(packet, Device):
                    self._process.open(block)
                hearing.take(packet)
        except DeviceLost as lost:
            self._process.kill()
            hearing.lose(str(lost))
            return False
        return True


def _found(packet: Packet | None) -> Device:
    """The capture process's first packet. Raises UnusableError or GenderstreamError where that is no device."""
    if isinstance(packet, Device):
        return packet
    if isinstance(packet, Refused) and packet.unusable:
        raise UnusableError(packet.cause)
    cause = packet.cause if isinstance(packet, Refused | Lost) else f"nothing within {OPENING_SECONDS:g} s"
    raise GenderstreamError(f"PortAudio finds no device ({cause}): see `genderstream doctor`")
