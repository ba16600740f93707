"""WebSockets from senders that are broken, rude or too many: the daemon says no, counts it, and goes on."""

import re
import signal
import socket
import struct
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from stream.sources.ws.door import MOST_HANDSHAKES

pytestmark = pytest.mark.slow

LEGS = 40


class Served:
    """A daemon that listens."""

    def __init__(self, daemon, listen, *options):
        self.daemon = daemon("ws://127.0.0.1:0", *options)
        self.url = self.daemon.await_line(r"listening on (ws://\S+)").group(1)
        self.address = ("127.0.0.1", int(self.url.rpartition(":")[2]))
        self.messages = listen(self.daemon)

    def socket(self):
        """A plain TCP connection."""
        return socket.create_connection(self.address, timeout=60)

    def upgraded(self, path="/"):
        """A TCP connection on which frames may follow."""
        plain = self.socket()
        plain.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += plain.recv(4096)
        assert head.startswith(b"HTTP/1.1 101 ")
        return plain

    def hears(self, name):
        """Whether who sends audio is heard to the end; returns its last message."""
        with connect(f"{self.url}?stream={name}", compression=None) as client:
            client.send(bytes(64_000))
        return next(each for each in self.messages if each.get("stream") == name and each.get("final"))

    def refused(self):
        """What the next health message says was refused."""
        return next(each for each in self.messages if "daemon" in each)["refused"].get(self.url, {})

    def memory(self):
        """Bytes of main memory that the daemon has."""
        status = Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        return 1024 * int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))


@pytest.fixture
def served(daemon, listen):
    return Served(daemon, listen, "--most-legs", LEGS)


def ends(plain):
    """Wait until the daemon has hung up."""
    with suppress(ConnectionResetError):
        while plain.recv(1 << 16):
            pass
    plain.close()
    return True


def frame(content, *, opcode=2, fin=True, masked=True, length=None):
    """A frame as a client may send it, or may not."""
    length = len(content) if length is None else length
    head = bytes([fin << 7 | opcode])
    if length < 126:
        head += bytes([masked << 7 | length])
    elif length < 1 << 16:
        head += bytes([masked << 7 | 126]) + struct.pack(">H", length)
    else:
        head += bytes([masked << 7 | 127]) + struct.pack(">Q", length)
    return head + (bytes(4) if masked else b"") + content


def test_a_flood_of_connections_that_say_nothing(served):
    """More than there is room for are hung up at once, the others when they have had their time; all are counted."""
    with ExitStack() as stack:
        silent = [stack.enter_context(served.socket()) for _ in range(LEGS + MOST_HANDSHAKES + 50)]
        for plain in silent[::7]:
            with suppress(BrokenPipeError, ConnectionResetError):
                plain.sendall(b"GET / HTTP/1.1\r\nX: ")  # and never an end
        assert all(ends(plain) for plain in silent)
    assert served.hears("after")["speech_seconds"] is not None
    refused = served.refused()
    while sum(refused.values()) < len(silent):
        refused = served.refused()
    assert refused == {"legs": 50, "handshake": len(silent) - 50}


def test_as_many_as_may_and_one_more(served):
    """--most-legs may be open; the next is told to come again, and may once one has gone."""
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(served.url, compression=None)) for _ in range(LEGS)]
        with pytest.raises(InvalidStatus) as error, connect(served.url):
            pass
        assert error.value.response.status_code == 503
        assert error.value.response.body == b"40 connections at once are the most (--most-legs): try again later\n"
        clients.pop().close()
        served.hears("next")


def test_the_memory_of_all_streams_together_is_bounded(daemon, listen):
    """Streams may have so many samples a second together; the one too many is told to come again."""
    served = Served(daemon, listen, "--channels", "split", "--most-legs", "768")
    with ExitStack() as stack:
        clients = [
            stack.enter_context(connect(f"{served.url}?rate=192000&channels=32", compression=None)) for _ in range(3)
        ]
        for client in clients[:2]:
            client.send(bytes(64))
            client.ping().wait()
        clients[2].send(bytes(64))
        with pytest.raises(ConnectionClosed) as error:
            clients[2].recv(timeout=60)
        assert error.value.rcvd.code == 1013
        assert "12288000 Hz together, of 12288000: try again later" in error.value.rcvd.reason
        clients[0].close()
        again = stack.enter_context(connect(f"{served.url}?rate=192000&channels=32", compression=None))
        again.send(bytes(64))
        again.ping().wait()
        clients[1].close()
        assert served.refused() == {"legs": 1}


def test_who_comes_and_never_speaks_is_sent_away(daemon, listen):
    """A connection without a message, or without one for --ws-idle seconds, is closed with the reason."""
    served = Served(daemon, listen, "--ws-idle", "1")
    for first in (b"", None):
        with connect(served.url, compression=None) as client:
            if first is not None:
                client.send(first)
            with pytest.raises(ConnectionClosed) as error:
                client.recv(timeout=60)
            assert error.value.rcvd.code == 1008
            assert error.value.rcvd.reason == f"nothing came for {1 if first is not None else 10} s"


def test_who_pours_audio_that_is_refused_learns_why(served):
    """The close frame reaches a client that is busy sending."""
    with connect(f"{served.url}?rate=1", compression=None) as client:
        error = None
        while error is None:
            try:
                client.send(bytes(1 << 16))
            except ConnectionClosed as closed:
                error = closed
        assert (error.rcvd.code, error.rcvd.reason[:9]) == (1003, "rate is '")


def test_a_stream_ends_with_its_connection_however_that_ends(served):
    """A reset connection ends its stream as a goodbye does."""
    plain = served.upgraded("/?stream=cut")
    plain.sendall(frame(bytes(64_000)))
    next(each for each in served.messages if each.get("stream") == "cut")
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.close()
    assert next(each for each in served.messages if each.get("final"))["stream"] == "cut"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_daemon_ends_though_clients_do_not(number, served):
    """Open connections are told that the daemon is ending, and have their verdicts; rude ones hold nothing up."""
    with ExitStack() as stack:
        polite = stack.enter_context(connect(f"{served.url}?stream=polite", compression=None))
        polite.send(bytes(64_000))
        rude, silent = served.upgraded("/?stream=rude"), served.socket()
        rude.sendall(frame(bytes(64_000)) + frame(bytes(60_000), length=64_000))
        seen = set()
        while len(seen) < 2:
            seen |= {next(each for each in served.messages if "stream" in each)["stream"]}
        ended = served.daemon.finish(number)
        with pytest.raises(ConnectionClosed) as error:
            polite.recv(timeout=60)
        assert (error.value.rcvd.code, error.value.rcvd.reason) == (1001, "the daemon is ending")
        silent.close()
        rude.close()
    assert ended.status == 0
    assert "Traceback" not in ended.error
    finals = (each["stream"] for each in served.messages if each.get("final"))
    assert {next(finals), next(finals)} == {"polite", "rude"}


FRAMES = st.builds(
    frame,
    st.binary(max_size=300) | st.sampled_from([b'{"event":"start"}', b"\xff", b"\x03\xe8", b"RIFF" * 20]),
    opcode=st.sampled_from([0, 1, 2, 2, 2, 3, 8, 9, 10, 15]),
    fin=st.booleans(),
    masked=st.sampled_from([True, True, True, False]),
    length=st.none() | st.sampled_from([0, 125, 126, 65_535, 65_536, 1 << 20, (1 << 63) - 1, (1 << 64) - 1]),
)


def test_no_bytes_whatever_break_it(served):
    """Any bytes, as a request or as frames: the daemon goes on, forgets every stream, and keeps no memory of it."""

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(request=st.binary(max_size=200) | st.none(), frames=st.lists(FRAMES | st.binary(max_size=50), max_size=12))
    def attack(request, frames):
        plain = served.socket() if request is not None else served.upgraded("/?stream=x")
        with suppress(BrokenPipeError, ConnectionResetError):
            plain.sendall(b"".join([request or b"", *frames]))
            plain.shutdown(socket.SHUT_WR)
        assert ends(plain)

    attack()
    served.hears("between")
    before = served.memory()
    attack()
    served.hears("after")
    assert served.memory() - before < 30 << 20
    assert set(served.refused()) <= {"handshake", "broken", "malformed", "format"}
    streams = {}
    while streams := next(each for each in served.messages if "daemon" in each)["streams"]:
        pass
    ended = served.daemon.stop()
    assert (ended.status, streams) == (0, {})
    assert "Traceback" not in ended.error
