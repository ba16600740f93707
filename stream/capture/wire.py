"""What the capture process says through its pipe: packets of a kind, a length and a body.

Both ends are on one machine, so numbers are in its own order.
"""

import json
import struct
from dataclasses import asdict, dataclass

_HEAD = struct.Struct("=cI")  # kind; bytes that follow
_BLOCK = struct.Struct("=dQ?")  # Block without its samples


@dataclass(frozen=True, slots=True)
class Device:
    """The first packet: what was found. Nothing follows before a block's length has come on standard input."""

    name: str
    channels: int
    rate: int  # Hz


@dataclass(frozen=True, slots=True)
class Opened:
    """The device is open; its first block may still take a while."""


@dataclass(frozen=True, slots=True)
class Block:
    """What was read from the device at once."""

    when: float  # time.monotonic of its last frame's arrival, which is the same clock in every process
    first: int  # index of the first frame, since the device was opened, those thrown away here counted
    overflow: bool  # the device says that it lost frames before this
    content: bytes  # int16[frames, channels]


@dataclass(frozen=True, slots=True)
class Hears:
    """Which source of the sound server the device stands for, where that can be known."""

    source: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Nothing more will come: the device has gone, or has become another."""

    cause: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing ever came."""

    cause: str
    unusable: bool  # what the user asked for is not there, rather than in use or out of order


Packet = Device | Opened | Block | Hears | Lost | Refused

_BLOCK_KIND = b"B"
_KINDS: dict[bytes, type[Device | Opened | Hears | Lost | Refused]] = {
    b"D": Device,
    b"O": Opened,
    b"H": Hears,
    b"L": Lost,
    b"R": Refused,
}


def pack(packet: Packet) -> bytes:
    """The bytes that carry `packet`."""
    if isinstance(packet, Block):
        body = _BLOCK.pack(packet.when, packet.first, packet.overflow) + packet.content
        return _HEAD.pack(_BLOCK_KIND, len(body)) + body
    kind = next(kind for kind, each in _KINDS.items() if isinstance(packet, each))
    body = json.dumps(asdict(packet)).encode()
    return _HEAD.pack(kind, len(body)) + body


class Unpacker:
    """Bytes in any portions to packets."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, content: bytes) -> list[Packet]:
        """The packets that `content` completes."""
        content = self._rest + content
        packets, at = [], 0
        while len(content) - at >= _HEAD.size:
            kind, size = _HEAD.unpack_from(content, at)
            end = at + _HEAD.size + size
            if len(content) < end:
                break
            packets.append(_unpack(kind, content[at + _HEAD.size : end]))
            at = end
        self._rest = content[at:]
        return packets


def _unpack(kind: bytes, body: bytes) -> Packet:
    if kind == _BLOCK_KIND:
        when, first, overflow = _BLOCK.unpack_from(body)
        return Block(when, first, overflow, body[_BLOCK.size :])
    return _KINDS[kind](**json.loads(body))
