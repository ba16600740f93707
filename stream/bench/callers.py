"""`python -m stream.bench.callers HOST PORT LEGS`: calls in G.711 that keep their pace, until it is killed.

Each leg is a sender (SSRC) of its own that begins at its own time and at its own place in the demo and sends 50 packets
a second: windows and packets come evenly spread.
"""

import io
import socket
import struct
import sys
import time

import soundfile

from stream.bench.process import pin, raise_priority
from stream.bench.sound import speech

SIZE, RATE = 160, 8000  # samples a packet, Hz
_TICKS = 20  # that a packet's 20 ms are divided into
_SPREAD = 100  # packets within which all legs have begun
_GOLDEN = (5**0.5 - 1.0) / 2.0  # its multiples lie evenly


def main(host: str, port: str, legs: str) -> None:
    """Send."""
    pin()
    raise_priority()
    count, payloads = int(legs), _payloads()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((host, int(port)))
        began, tick = time.monotonic(), 0
        while True:
            turns, turn = divmod(tick, _TICKS)
            for leg in range(turn, count, _TICKS):
                packet = turns - int(leg * _GOLDEN % 1.0 * _SPREAD)
                if packet >= 0:
                    head = struct.pack("!BBHII", 0x80, 0, packet & 0xFFFF, packet * SIZE & 0xFFFFFFFF, leg + 1)
                    sender.send(head + payloads[(packet + 37 * leg) % len(payloads)])
            tick += 1
            time.sleep(max(began + tick * SIZE / RATE / _TICKS - time.monotonic(), 0.0))


def _payloads() -> list[bytes]:
    """The demo in µ-law, in pieces of SIZE bytes."""
    file = io.BytesIO()
    soundfile.write(file, speech()[::2], RATE, "ULAW", format="RAW")
    content = file.getvalue()
    return [content[at : at + SIZE] for at in range(0, len(content) - SIZE, SIZE)]


if __name__ == "__main__":
    main(*sys.argv[1:])
