"""Raw interleaved PCM, in pieces of any size, as frames: what standard input and WebSockets bring."""

import numpy as np
import numpy.typing as npt

from models import UnusableError
from stream.records import Samples
from stream.resample import to_int16
from stream.sources import InputSettings
from stream.sources.channels import check_format

_BYTES = {"u8": 1, "s16le": 2, "s24le": 3, "s32le": 4, "f32le": 4}
_HEAD = 12  # bytes that tell a file


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


class Pcm:
    """Puts the pieces of one sender, called `what` in errors, together to frames of the format in `settings`."""

    def __init__(self, what: str, settings: InputSettings) -> None:
        check_format(what, rate=settings.rate, channels=settings.pcm_channels, choice=settings.channels)
        self._what, self._format, self._channels = what, settings.format, settings.pcm_channels
        self._frame = _BYTES[settings.format] * settings.pcm_channels  # bytes
        self._rest = b""
        self._begun = False

    def frames(self, piece: bytes) -> npt.NDArray[np.int16]:
        """The frames that `piece` completes: int16[n, channels]. Raises UnusableError for what is no such PCM."""
        content = self._rest + piece
        if not self._begun and len(content) >= _HEAD:
            self._refuse_container(content)
            self._begun = True
        whole = len(content) - len(content) % self._frame
        self._rest = content[whole:]
        try:
            return decode(content[:whole], self._format).reshape(-1, self._channels)
        except ValueError as error:
            raise UnusableError(f"{self._what} has {error}: is it {self._format}? check --format") from error

    @property
    def leftover(self) -> str | None:
        """What to say at the end, where it came inside a frame."""
        if not self._rest:
            return None
        return f"{self._what} ended inside a frame: {len(self._rest)} of {self._frame} bytes; is --format right?"

    def _refuse_container(self, head: bytes) -> None:
        if head[:4] in (b"RIFF", b"OggS", b"fLaC") or head[:3] == b"ID3":
            raise UnusableError(
                f"{self._what} begins with {head[:4]!r}: a file, not raw PCM; give its path, or use ffmpeg -f s16le"
            )
