"""RTP's fixed header (RFC 3550, 5.1) of a whole batch of datagrams at once, with every length checked."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

HEADER_BYTES = 12

_HEADER = np.dtype([("flags", "u1"), ("kind", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("source", ">u4")])
_RTCP = range(192, 224)  # second byte of RTCP on RTP's port (RFC 5761, 4)


class Packets(NamedTuple):
    """The RTP packets among a batch. A payload begins at HEADER_BYTES of its row, wherever the sender had it."""

    rows: Integers  # of the batch
    kinds: Bytes  # payload types
    sequences: Integers  # 0 to 65535
    timestamps: Integers  # 0 to 2^32 - 1
    sizes: Integers  # bytes of payload, without padding
    malformed: int  # datagrams that are no RTP
    control: Integers  # rows of the batch that are RTCP


def parse(content: Bytes, lengths: Integers) -> Packets:
    """Parse datagrams: row i of `content` (uint8[n, size]) has the first `lengths[i]` bytes of one, or all it can.

    Payloads behind contributing sources or an extension are moved to HEADER_BYTES in place.
    """
    count, size = content.shape
    head = np.ascontiguousarray(content[:, :HEADER_BYTES]).view(_HEADER)[:, 0]
    flags = head["flags"]
    whole = (lengths >= HEADER_BYTES) & (lengths <= size) & (flags >> 6 == 2)
    rtcp = whole & np.isin(head["kind"], _RTCP)
    begins = HEADER_BYTES + 4 * (flags & 0x0F).astype(np.int64)
    ends = lengths.copy()
    valid = whole & ~rtcp
    if (flags[valid] != 0x80).any():
        _skip_extensions(content, begins, ends, valid & (flags & 0x10 != 0))
        _strip_padding(content, begins, ends, valid & (flags & 0x20 != 0))
        valid &= begins <= ends
        for row in np.flatnonzero(valid & (begins > HEADER_BYTES)):
            payload = content[row, begins[row] : ends[row]].copy()
            content[row, HEADER_BYTES : HEADER_BYTES + payload.size] = payload
    rows = np.flatnonzero(valid)
    return Packets(
        rows=rows,
        kinds=head["kind"][rows] & np.uint8(0x7F),
        sequences=head["sequence"][rows].astype(np.int64),
        timestamps=head["timestamp"][rows].astype(np.int64),
        sizes=(ends - begins)[rows],
        malformed=count - rows.size - int(np.count_nonzero(rtcp)),
        control=np.flatnonzero(rtcp),
    )


def _skip_extensions(content: Bytes, begins: Integers, ends: Integers, extended: npt.NDArray[np.bool_]) -> None:
    """Move `begins` behind the header extension of the `extended` rows, beyond `ends` where it does not fit."""
    rows = np.flatnonzero(extended)
    fits = begins[rows] + 4 <= ends[rows]
    begins[rows[~fits]] = np.iinfo(np.int64).max
    rows = rows[fits]
    words = 256 * content[rows, begins[rows] + 2].astype(np.int64) + content[rows, begins[rows] + 3]
    begins[rows] += 4 + 4 * words


def _strip_padding(content: Bytes, begins: Integers, ends: Integers, padded: npt.NDArray[np.bool_]) -> None:
    """Move `ends` before the padding of the `padded` rows, before `begins` where it is none."""
    rows = np.flatnonzero(padded)
    padding = content[rows, ends[rows] - 1].astype(np.int64)
    ends[rows] = np.where(padding > 0, ends[rows] - padding, -1)
