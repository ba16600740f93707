"""ITU-T G.711: a byte of µ-law or A-law to the 16-bit sample that it stands for, by a table of 256."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from stream.records import Samples

SAMPLE_RATE = 8000
"""Hz; G.711's one rate."""

Law = Literal["mu", "a"]


def decode(payload: bytes | npt.NDArray[np.uint8], law: Law) -> Samples:
    """int16 of the same shape as uint8, [n] of n bytes; µ-law's full scale is ±32124, A-law's ±32256."""
    codes = np.frombuffer(payload, np.uint8) if isinstance(payload, bytes) else payload
    decoded: Samples = _TABLES[law].take(codes)
    return decoded


def _mu() -> Samples:
    """Segment s and step q of an inverted byte: (2 q + 33) 2^s - 33, in 14 bits (G.711, table 2a)."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((2 * (code & 0x0F) + 33) << ((code >> 4) & 7)) - 33
    return _signed(magnitude << 2, negative=code >= 0x80)


def _a() -> Samples:
    """Every other bit inverted; (2 q + 1) in segment 0, else (2 q + 33) 2^(s-1), in 13 bits (G.711, table 1a)."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (code >> 4) & 7, 2 * (code & 0x0F)
    magnitude = np.where(segment == 0, step + 1, (step + 33) << np.maximum(segment - 1, 0))
    return _signed(magnitude << 3, negative=code < 0x80)


def _signed(magnitude: npt.NDArray[np.int32], *, negative: npt.NDArray[np.bool_]) -> Samples:
    return np.where(negative, -magnitude, magnitude).astype(np.int16)


_TABLES: dict[Law, Samples] = {"mu": _mu(), "a": _a()}
