"""RTCP as far as it says goodbye (RFC 3550, 6.1 and 6.6): on RTP's port, or on the one after it."""

import socket
from contextlib import suppress

_BYE = 203
_HEADER_BYTES = 4


def find_goodbyes(datagram: bytes) -> set[bytes]:
    """The sources (SSRC, 4 bytes) that a compound packet says are leaving; none where it is no RTCP."""
    leaving: set[bytes] = set()
    at = 0
    while len(datagram) - at >= _HEADER_BYTES and datagram[at] >> 6 == 2:
        end = at + _HEADER_BYTES + 4 * int.from_bytes(datagram[at + 2 : at + 4])
        if end > len(datagram):
            break
        if datagram[at + 1] == _BYE:
            begins = range(at + _HEADER_BYTES, end, 4)[: datagram[at] & 0x1F]
            leaving |= {datagram[begin : begin + 4] for begin in begins}
        at = end
    return leaving


def bind_beside(rtp: socket.socket) -> socket.socket | None:
    """A socket on the port after that of `rtp`; None where another has it: calls then end after a pause."""
    host, port, *rest = rtp.getsockname()
    beside = socket.socket(rtp.family, socket.SOCK_DGRAM)
    beside.setblocking(False)
    with suppress(OSError, OverflowError):
        beside.bind((host, port + 1, *rest))
        return beside
    beside.close()
    return None
