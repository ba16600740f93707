"""Raw PCM on standard input: whatever ffmpeg, sox or arecord can send, losing nothing however fast it comes."""

import os
import select
import sys

import numpy as np
import numpy.typing as npt

from models import UnusableError
from stream.records import Samples
from stream.resample import to_int16
from stream.ring import RingAbandoned
from stream.sources import InputSettings, Intake
from stream.sources.channels import ChannelWriter, check_format

_BYTES = {"u8": 1, "s16le": 2, "s24le": 3, "s32le": 4, "f32le": 4}
_MOST = 1 << 16  # bytes a read
_LOOK_UP_SECONDS = 0.25  # how often a silent pipe is left to see whether to stop


def open_source(source: str, settings: InputSettings) -> "Pipe":
    """Standard input."""
    return Pipe(settings)


def decode(content: bytes, form: str) -> Samples:
    """Raw little-endian samples as int16[n]. Raises ValueError where float ones are not finite."""
    if form == "s16le":
        return np.frombuffer(content, "<i2")
    if form == "u8":
        return to_int16((np.frombuffer(content, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128))
    if form == "s24le":
        wide = np.zeros((len(content) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(content, np.uint8).reshape(-1, 3)
        return to_int16(_scaled(wide.view("<i4")[:, 0]))
    if form == "s32le":
        return to_int16(_scaled(np.frombuffer(content, "<i4")))
    floats: npt.NDArray[np.float32] = np.frombuffer(content, "<f4")
    if not np.isfinite(floats).all():
        raise ValueError("NaN or infinite samples")
    return to_int16(floats)


def _scaled(samples: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    return (samples / 2**31).astype(np.float32)


class Pipe:
    """A Source. Reads what is there and waits for room in the ring, so that the sender waits, too."""

    def __init__(self, settings: InputSettings) -> None:
        check_format("standard input", rate=settings.rate, channels=settings.pcm_channels, choice=settings.channels)
        if sys.stdin is None or sys.stdin.isatty():
            raise UnusableError("standard input is a terminal: pipe raw PCM into it, as ffmpeg -i … -f s16le … - does")
        self._settings = settings

    def capture(self, intake: Intake) -> None:
        """Push standard input until it ends."""
        settings = self._settings
        writer = ChannelWriter(
            intake, settings.stream or "stdin", settings,
            channels=settings.pcm_channels, rate=settings.rate, live=False, timed=True,
        )  # fmt: skip
        try:
            self._push(writer, intake)
        except RingAbandoned:
            return  # the daemon is ending
        finally:
            writer.close()

    def _push(self, writer: ChannelWriter, intake: Intake) -> None:
        frame = _BYTES[self._settings.format] * self._settings.pcm_channels  # bytes
        rest, first = b"", True
        while not intake.stopping.is_set():
            if not select.select([0], [], [], _LOOK_UP_SECONDS)[0]:
                continue
            content = os.read(0, _MOST)
            if not content:
                break
            content = rest + content
            if first and len(content) >= 12:
                _refuse_container(content)
                first = False
            whole = len(content) - len(content) % frame
            rest = content[whole:]
            writer.write(self._decode(content[:whole]).reshape(-1, self._settings.pcm_channels))
        if rest:
            intake.say(f"standard input ended inside a frame: {len(rest)} of {frame} bytes; is --format right?")

    def _decode(self, content: bytes) -> Samples:
        try:
            return decode(content, self._settings.format)
        except ValueError as error:
            raise UnusableError(f"standard input has {error}: is it {self._settings.format}? check --format") from error


def _refuse_container(head: bytes) -> None:
    if head[:4] in (b"RIFF", b"OggS", b"fLaC") or head[:3] == b"ID3":
        raise UnusableError(
            f"standard input begins with {head[:4]!r}: a file, not raw PCM; give its path, or use ffmpeg -f s16le"
        )
