"""Packets as senders make them."""

import struct


def packet(
    sequence: int, timestamp: int, payload: bytes, *, kind: int = 0, source: int = 7, contributing: int = 0,
    extension: bytes | None = None, padding: int = 0,
) -> bytes:  # fmt: skip
    """An RTP packet. `extension`: whole words; `padding`: bytes, the last of which says so."""
    flags = 0x80 | contributing | (0x10 if extension is not None else 0) | (0x20 if padding else 0)
    head = struct.pack("!BBHII", flags, kind, sequence % (1 << 16), timestamp % (1 << 32), source)
    extended = b"" if extension is None else struct.pack("!HH", 0xBEDE, len(extension) // 4) + extension
    end = bytes(padding - 1) + bytes([padding]) if padding else b""
    return head + bytes(4 * contributing) + extended + payload + end


def message(kind: int, payload: bytes = b"") -> bytes:
    """An AudioSocket message."""
    return struct.pack("!BH", kind, len(payload)) + payload
