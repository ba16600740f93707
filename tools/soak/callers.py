"""Who comes and goes meanwhile: calls by AudioSocket that begin and end, subscribers that connect and leave."""

import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import NoReturn
from uuid import uuid4

import soundfile
import zmq

from tools.soak.daemon import DEMO

_IDENTIFY, _AUDIO_16K, _TERMINATE = 0x01, 0x12, 0x00
_PIECE_SECONDS = 0.1
_CALL_PIECES = 100  # 10 s


def come_and_go(address: str, endpoint: str, callers: int, over: Callable[[], bool]) -> None:
    """So many calls at a time, of 10 s each, at `address` (HOST:PORT), one after another; after each a subscriber.

    Until the daemon hangs up, which it may once it is `over`; OSError before.
    """
    sound, rate = soundfile.read(DEMO, dtype="int16")
    size = int(_PIECE_SECONDS * rate)
    pieces = [sound[at : at + size].astype("<i2").tobytes() for at in range(0, sound.size - size, size)]
    calls: deque[socket.socket] = deque()
    try:
        with zmq.Context() as context:
            _take_turns(address, callers, pieces, calls, lambda: _look_in(context, endpoint))
    except OSError:
        if not over():
            raise
    finally:
        for call in calls:
            call.close()


def _take_turns(
    address: str, callers: int, pieces: list[bytes], calls: deque[socket.socket], between: Callable[[], None]
) -> NoReturn:
    began, every = time.monotonic(), max(_CALL_PIECES // callers, 1)  # ticks
    for tick in count():
        if tick % every == 0:
            if len(calls) == callers:
                _hang_up(calls.popleft())
                between()
            calls.append(_call(address))
        for call in calls:
            call.sendall(_message(_AUDIO_16K, pieces[tick % len(pieces)]))
        time.sleep(max(began + tick * _PIECE_SECONDS - time.monotonic(), 0.0))
    raise AssertionError


def _call(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    call = socket.create_connection((host, int(port)), timeout=60.0)
    call.sendall(_message(_IDENTIFY, uuid4().bytes))
    return call


def _hang_up(call: socket.socket) -> None:
    with call, suppress(OSError):
        call.sendall(_message(_TERMINATE, b""))


def _look_in(context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str) -> None:
    """Subscribe, and be gone before anything was read."""
    with context.socket(zmq.SUB) as subscriber:
        subscriber.setsockopt(zmq.LINGER, 0)
        subscriber.subscribe(b"")
        subscriber.connect(endpoint)
        subscriber.poll(50)


def _message(kind: int, content: bytes) -> bytes:
    return struct.pack("!BH", kind, len(content)) + content
