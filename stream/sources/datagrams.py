"""Many datagrams in one system call: recvmmsg, which Python's socket module lacks; one by one elsewhere.

One call a batch matters twice: it costs a tenth, and each call of its own would give the interpreter lock
away, for which the worker is waiting.
"""

import ctypes
import errno
import os
import socket
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

MOST_BYTES = 2048  # of a datagram: what Ethernet carries, and more
BATCH = 512  # datagrams a call

_HEADER = np.dtype(
    [("name", "P"), ("name_length", "u4"), ("vector", "P"), ("vector_length", "P"), ("control", "P"),
     ("control_length", "P"), ("flags", "i4")],
    align=True,
)  # fmt: skip
"""struct msghdr of POSIX, in the machine's own layout."""

_MESSAGE = np.dtype([("header", _HEADER), ("length", "u4")], align=True)  # struct mmsghdr of Linux
_VECTOR = np.dtype([("base", "P"), ("length", "P")], align=True)  # struct iovec
_MOST_NAME = 28  # bytes of a sockaddr_in6
_PLACES = {  # of the port, and of the address, in a sockaddr
    socket.AF_INET: np.r_[2:8],
    socket.AF_INET6: np.r_[2:4, 8:24],
}

Bytes = npt.NDArray[np.uint8]


class Datagrams:
    """Room for one batch. What was read stays until the next `read`."""

    def __init__(self) -> None:
        self.content: Bytes = np.zeros((BATCH, MOST_BYTES), np.uint8)
        """Row by row what was received."""
        self.lengths = np.zeros(BATCH, np.int64)
        """Bytes of each; more than MOST_BYTES where the rest was cut off."""
        self._names = np.zeros((BATCH, _MOST_NAME), np.uint8)
        self._vectors = np.zeros(BATCH, _VECTOR)
        self._vectors["base"] = self.content.ctypes.data + MOST_BYTES * np.arange(BATCH)
        self._vectors["length"] = MOST_BYTES
        self._messages = np.zeros(BATCH, _MESSAGE)
        header = self._messages["header"]
        header["name"] = self._names.ctypes.data + _MOST_NAME * np.arange(BATCH)
        header["vector"] = self._vectors.ctypes.data + _VECTOR.itemsize * np.arange(BATCH)
        header["vector_length"] = 1
        self._senders: Bytes = np.zeros((0, 0), np.uint8)
        self._receive_many = _recvmmsg()

    def read(self, reading: socket.socket) -> int:
        """Take what has arrived on a UDP socket that does not block: how many rows that is, at most BATCH."""
        if self._receive_many is None:
            return self._read_singly(reading)
        self._messages["header"]["name_length"] = _MOST_NAME
        count = self._receive_many(
            reading.fileno(), self._messages.ctypes.data, BATCH, socket.MSG_DONTWAIT | socket.MSG_TRUNC, None
        )
        if count < 0:
            number = ctypes.get_errno()
            if number in (errno.EAGAIN, errno.EINTR, errno.ECONNREFUSED):
                return 0
            raise OSError(number, os.strerror(number))
        self.lengths[:count] = self._messages["length"][:count]
        self._senders = self._names[:count, _PLACES[socket.AddressFamily(reading.family)]]
        return count

    @property
    def senders(self) -> Bytes:
        """uint8[n, 6 or 18]: port (big-endian) and IP address of each sender."""
        return self._senders

    def _read_singly(self, reading: socket.socket) -> int:
        senders, count = [], 0
        while count < BATCH:
            try:
                self.lengths[count], address = reading.recvfrom_into(self.content[count], MOST_BYTES)
            except (BlockingIOError, ConnectionRefusedError):
                break
            host = socket.inet_pton(reading.family, address[0].partition("%")[0])
            senders.append(np.frombuffer(address[1].to_bytes(2) + host, np.uint8))
            count += 1
        self._senders = np.array(senders, np.uint8)
        return count


def _recvmmsg() -> Callable[..., int] | None:
    function = getattr(ctypes.CDLL(None, use_errno=True), "recvmmsg", None)
    if function is None:
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
    receive: Callable[..., int] = function
    return receive


def describe_sender(sender: bytes) -> tuple[str, int]:
    """IP address and port of one of `senders`."""
    family = socket.AF_INET if len(sender) == 6 else socket.AF_INET6
    return socket.inet_ntop(family, sender[2:]), int.from_bytes(sender[:2])
