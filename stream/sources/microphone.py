"""A microphone or line input through PortAudio (sounddevice).

PortAudio calls `_on_audio` in its own thread as blocks arrive. There nothing is logged, locked or
allocated that could wait: frames go into the ring, the status into the loss. Everything slow (kernels,
model) is ready before the device is opened.
"""

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from models import GenderstreamError, UnusableError
from stream.records import SAMPLE_RATE
from stream.sources import InputSettings, Intake
from stream.sources.channels import MOST_CHANNELS, MOST_NAME, ChannelWriter, check_format

if TYPE_CHECKING:
    import sounddevice

_MOST_DEFAULT_CHANNELS = 2  # virtual devices offer 32 or 128 that all carry the same
_BLOCK_SECONDS = 0.02


def portaudio() -> "sounddevice":
    """sounddevice, once PortAudio is there. Raises UnusableError where it is not."""
    try:
        import sounddevice  # noqa: PLC0415 - only microphones need it, and it fails without PortAudio
    except OSError as error:
        raise UnusableError(
            "the PortAudio library is missing: sudo apt-get install libportaudio2 (macOS: brew install portaudio)"
        ) from error
    return sounddevice


def input_devices() -> list[dict[str, Any]]:
    """Every device with an input, as PortAudio describes it; `index` is its number."""
    return [dict(device) for device in portaudio().query_devices() if device["max_input_channels"] > 0]


def find_device(wanted: str) -> dict[str, Any]:
    """The input device with this number or (part of the) name; the default one for an empty name.

    Raises UnusableError, naming the devices that there are.
    """
    devices = input_devices()
    if not devices:
        raise UnusableError(
            "no input device: plug one in (see `genderstream doctor`), or give a file, or - for standard input"
        )
    if not wanted:
        number = portaudio().default.device[0]
        return next((device for device in devices if device["index"] == number), devices[0])
    matches = [device for device in devices if wanted == str(device["index"]) or wanted == device["name"]]
    matches = matches or [device for device in devices if wanted.lower() in device["name"].lower()]
    if not matches:
        there = ", ".join(f"{device['index']} {device['name']!r}" for device in devices)
        raise UnusableError(f"no input device is called {wanted!r}: there are {there}")
    return matches[0]


def open_source(source: str, settings: InputSettings) -> "Microphone":
    """`mic`, or `mic:NAME-OR-NUMBER`."""
    return Microphone(source.partition(":")[2], settings)


class Microphone:
    """A Source, live: when the worker is late, the oldest samples are overwritten and counted."""

    def __init__(self, wanted: str, settings: InputSettings) -> None:
        self._settings = settings
        self._wanted = wanted
        self._device = find_device(wanted)
        most = self._device["max_input_channels"]
        chosen = int(settings.channels) + 1 if settings.channels.isdigit() else 1
        self._channels = min(most, max(_MOST_DEFAULT_CHANNELS, chosen)) if most > 8 else most
        self._rate = self._usable_rate()
        name, channels = self._device["name"], min(self._channels, MOST_CHANNELS)
        check_format(name, rate=self._rate, channels=channels, choice=settings.channels)

    def capture(self, intake: Intake) -> None:
        """Push what the device hears until stopping."""
        sounddevice = portaudio()
        name = self._settings.stream or re.sub(r"[^A-Za-z0-9._-]+", "-", self._wanted)[:MOST_NAME].strip("-") or "mic"
        writer = ChannelWriter(
            intake, name, self._settings, channels=self._channels, rate=self._rate, live=True, timed=True
        )
        clock = _LossClock(self._rate)

        def on_audio(content: Any, frames: int, times: Any, status: Any) -> None:
            lost = clock.lost(times.inputBufferAdcTime, frames, overflow=status.input_overflow)
            if lost:
                writer.skip(lost)
            writer.write(np.frombuffer(content, np.int16).reshape(frames, self._channels))

        try:
            with sounddevice.RawInputStream(
                device=self._device["index"], samplerate=self._rate, channels=self._channels, dtype="int16",
                blocksize=int(self._rate * _BLOCK_SECONDS), latency="low",
                callback=on_audio,
            ):  # fmt: skip
                intake.say(f"listening to {self._device['name']} ({self._channels} channels, {self._rate:g} Hz)")
                intake.stopping.wait()
        except sounddevice.PortAudioError as error:
            raise GenderstreamError(
                f"{self._device['name']} cannot be opened ({error.args[0]}): is another program using it? "
                "`genderstream devices` lists the others"
            ) from error
        finally:
            writer.close()

    def _usable_rate(self) -> int:
        """The pipeline's rate where the device offers it, else the device's own."""
        sounddevice = portaudio()
        try:
            sounddevice.check_input_settings(
                self._device["index"], channels=self._channels, dtype="int16", samplerate=SAMPLE_RATE
            )
            return SAMPLE_RATE
        except sounddevice.PortAudioError:
            return int(self._device["default_samplerate"])


class _LossClock:
    """How many frames an overflow cost, estimated from the device's clock."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._due: float | None = None  # device time of the next frame, if none is lost

    def lost(self, adc_time: float, frames: int, *, overflow: bool) -> int:
        """Frames lost just before a block of `frames` whose first was taken at `adc_time` (seconds)."""
        late = 0.0 if self._due is None else adc_time - self._due
        self._due = adc_time + frames / self._rate
        return max(round(late * self._rate), 1) if overflow else 0
