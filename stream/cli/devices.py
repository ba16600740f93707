"""`genderstream devices`: the inputs that PortAudio knows."""

import click

from models import UnusableError
from stream.capture.device import find_device, input_devices, portaudio


def _devices() -> None:
    """List the input devices: number, name, channels, the device's own rate; * marks the default."""
    devices = input_devices()
    if not devices:
        raise UnusableError("no input device: plug one in, and see `genderstream doctor`")
    hosts = portaudio().query_hostapis()
    default = find_device("")["index"]
    for device in devices:
        mark = "*" if device["index"] == default else " "
        print(
            f"{mark} {device['index']:>3}  {device['name']}  ({hosts[device['hostapi']]['name']}, "
            f"{device['max_input_channels']} channels, {device['default_samplerate']:g} Hz)"
        )


command = click.Command("devices", callback=_devices, help=_devices.__doc__)
