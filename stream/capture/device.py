"""Input devices, as PortAudio (sounddevice) knows them when it starts: it never looks again."""

import re
from typing import TYPE_CHECKING, Any

from models import UnusableError

if TYPE_CHECKING:
    import sounddevice

_RATE = 16_000  # Hz; the pipeline's own, for which no resampling is needed
_MOST_DEFAULT_CHANNELS = 2  # virtual devices offer 32 or 128 that all carry the same
_BLOCK_SECONDS = (0.04, 0.1)  # the least and the most


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

    A sound card may come back with another number, in its name, too: `USB Audio (hw:2,0)` is found by
    `USB Audio (hw:1,0)`, if by nothing closer. Raises UnusableError, naming the devices that there are.
    """
    devices = input_devices()
    if not devices:
        raise UnusableError(
            "no input device: plug one in (see `genderstream doctor`), or give a file, or - for standard input"
        )
    if not wanted:
        number = portaudio().default.device[0]
        return next((device for device in devices if device["index"] == number), devices[0])
    rules = (
        lambda device: wanted == device["name"],
        lambda device: wanted == str(device["index"]),
        lambda device: wanted.lower() in device["name"].lower(),
        lambda device: _without_number(wanted) == _without_number(device["name"]),
    )
    for fits in rules:
        for device in devices:
            if fits(device):
                return device
    there = ", ".join(f"{device['index']} {device['name']!r}" for device in devices)
    raise UnusableError(f"no input device is called {wanted!r}: there are {there}")


def choose_channels(device: dict[str, Any], least: int) -> int:
    """As many channels as the device has; where that is a virtual one's many, 2, or `least`."""
    most: int = device["max_input_channels"]
    return min(most, max(_MOST_DEFAULT_CHANNELS, least)) if most > 8 else most


def choose_rate(device: dict[str, Any], channels: int) -> int:
    """The pipeline's rate where the device offers it, else the device's own."""
    sounddevice = portaudio()
    try:
        sounddevice.check_input_settings(device["index"], channels=channels, dtype="int16", samplerate=_RATE)
    except sounddevice.PortAudioError:
        return int(device["default_samplerate"])
    return _RATE


def choose_block(rate: int, pace: int) -> int:
    """Frames to take at once, for somebody who waits for positions that are multiples of `pace`.

    Each block wakes the sound server, the capture process and us. So it is the largest divisor of `pace` of at most
    0.1 s: what is waited for ends with a block, and comes no later than it would in small ones. Where there is
    none of at least 0.04 s, it is 0.04 s, by which it comes later at most.
    """
    least, most = (round(seconds * rate) for seconds in _BLOCK_SECONDS)
    return max(next(pace // parts for parts in range(-(-pace // most), pace + 1) if pace % parts == 0), least)


def _without_number(name: str) -> str:
    return re.sub(r" ?\(hw:\d+,\d+\)", "", name)
