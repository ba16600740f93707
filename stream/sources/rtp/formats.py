"""What RTP payloads are: payload types, fixed or given in the input's query, and how a batch of them is decoded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

import numpy as np
import numpy.typing as npt

from models import UnusableError
from stream.records import Samples
from stream.sources import g711
from stream.sources.channels import check_format
from stream.sources.rtp.packets import HEADER_BYTES

Encoding = Literal["PCMU", "PCMA", "L16", "none"]


@dataclass(frozen=True, slots=True)
class Format:
    """What the payloads of one type are."""

    encoding: Encoding  # none: no audio (comfort noise, telephone events), but part of the sequence
    rate: int = g711.SAMPLE_RATE  # Hz; also the timestamp's
    channels: int = 1

    frame: int = 1  # bytes of one sample of all channels

    def fits(self, other: "Format") -> bool:
        """Whether a call may go on in it."""
        return (self.rate, self.channels) == (other.rate, other.channels)


STATIC: Mapping[int, Format] = {
    0: Format("PCMU"),
    8: Format("PCMA"),
    10: Format("L16", 44_100, 2, 4),
    11: Format("L16", 44_100, 1, 2),
    13: Format("none"),  # comfort noise (RFC 3389)
    19: Format("none"),  # the same, in old senders
    101: Format("none"),  # not fixed, but what everybody gives telephone events (RFC 4733)
}
"""Payload types that need no negotiation (RFC 3551, 6)."""

_GIVEN = re.compile(r"(\d{1,3}):([A-Za-z0-9-]+)(?:/(\d{1,6}))?(?:/(\d{1,2}))?")
_ENCODINGS: Mapping[str, Encoding] = {
    "PCMU": "PCMU", "PCMA": "PCMA", "L16": "L16", "CN": "none", "TELEPHONE-EVENT": "none",
}  # fmt: skip


def read_formats(source: str, query: str) -> dict[int, Format]:
    """STATIC and what `query` says, as `payload=96:L16/16000`, any number of times. Raises UnusableError."""
    formats = dict(STATIC)
    for key, value in parse_qsl(query, keep_blank_values=True):
        match = _GIVEN.fullmatch(value)
        encoding = _ENCODINGS.get(match[2].upper()) if match else None
        if key != "payload" or match is None or encoding is None or int(match[1]) > 127:
            raise UnusableError(
                f"{source}: {key}={value} says nothing: expected payload=TYPE:PCMU, PCMA, L16/RATE[/CHANNELS] or "
                "telephone-event, as payload=96:L16/16000"
            )
        rate, channels = int(match[3] or g711.SAMPLE_RATE), int(match[4] or 1)
        check_format(f"{source}: {value}", rate=rate, channels=channels, choice="mix")
        formats[int(match[1])] = Format(encoding, rate, channels, channels * (2 if encoding == "L16" else 1))
    return formats


class Payloads:
    """The payloads of one batch, decoded by encoding when first asked for."""

    def __init__(self, content: npt.NDArray[np.uint8], longest: int) -> None:
        """`content`: uint8[n, size], payloads from HEADER_BYTES on, the longest of `longest` bytes."""
        self._content, self._end = content, HEADER_BYTES + longest
        self._decoded: dict[Encoding, Samples] = {}

    def samples(self, row: int, size: int, form: Format) -> Samples:
        """int16[n] of the `size` bytes in `row`, [n, channels] of several; a view. What fills no frame is left out."""
        decoded = self._decoded.get(form.encoding)
        if decoded is None:
            decoded = self._decoded[form.encoding] = self._decode(form.encoding)
        frames = size // form.frame
        if form.channels == 1:
            return decoded[row, :frames]
        return decoded[row, : frames * form.channels].reshape(frames, form.channels)

    def _decode(self, encoding: Encoding) -> Samples:
        content = self._content[:, HEADER_BYTES : self._end]
        if encoding == "L16":
            even = self._content[:, HEADER_BYTES : self._end + self._end % 2]
            return even.view(">i2")
        return g711.decode(content, "mu" if encoding == "PCMU" else "a")
