"""Calls over real sockets: the decisions of a file, legs that come and go, limits, and whatever else arrives."""

import io
import resource
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire import message, packet

from models import UnusableError
from stream.messages import CallMessage
from stream.records import Samples
from stream.sources import InputSettings, g711, open_source
from stream.sources.datagrams import Datagrams
from stream.sources.recording import Recording

RTP, AUDIOSOCKET = "rtp://127.0.0.1:0", "audiosocket://127.0.0.1:0"
CALL = UUID("40325ec2-5efd-4bd3-805f-53576e581d13")
SIZE = 160  # samples a packet
HOP = 25  # packets


def coded(samples: Samples, law: str = "mu") -> bytes:
    """Samples in G.711, by libsndfile."""
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, "ULAW" if law == "mu" else "ALAW", format="RAW")
    return file.getvalue()


def packets_of(
    payload: bytes, *, kind: int = 0, source: int = 7, sequence: int = 65_500, size: int = SIZE
) -> list[bytes]:
    """Packets of 20 ms, that pass the end of both counters."""
    start = (1 << 32) - 20 * SIZE
    return [
        packet(sequence + i, start + i * SIZE, payload[at : at + size], kind=kind, source=source)
        for i, at in enumerate(range(0, len(payload), size))
    ]


@pytest.fixture
def send() -> Iterator[Callable[..., None]]:
    """send(exchange, address, packets): as fast as they are decided on, so that no kernel's buffer overflows."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:

        def send(exchange: Any, address: tuple[str, int], packets: list[bytes]) -> None:
            before = len(exchange.windows())
            for i, each in enumerate(packets):
                sender.sendto(each, address)
                wanted = before + (i + 1) // HOP - 12  # windows that 20 ms packets so far make, less what may be inside
                if i % HOP == HOP - 1 and wanted > before:
                    exchange.await_that(lambda wanted=wanted: len(exchange.windows()) >= wanted)

        yield send


@pytest.fixture
def filed(exchange: Callable[..., Any], tmp_path: Any) -> Callable[[Samples], list[dict[str, Any]]]:
    """filed(samples): the messages for a file of them (int16 at 8 kHz)."""

    def filed(samples: Samples) -> list[dict[str, Any]]:
        soundfile.write(tmp_path / "call.wav", samples, 8000)
        streams = exchange()
        Recording(tmp_path / "call.wav", InputSettings(speed="max")).capture(streams)
        return streams.essence()

    return filed


@pytest.mark.parametrize(("law", "kind"), [("mu", 0), ("a", 8)])
def test_a_call_over_rtp_is_decided_like_its_file(
    law: str, kind: int, exchange: Any, filed: Any, send: Any, telephone: Samples
) -> None:
    """Windows, turns and verdict of a call in G.711 are those of a file with the same samples."""
    payload = coded(telephone, law)
    expected = filed(g711.decode(payload, law))
    calls = exchange()
    (address,) = calls.serve(RTP)
    send(calls, address, packets_of(payload, kind=kind))
    calls.close()
    assert calls.essence() == expected
    assert not calls.refused


def test_linear_samples_too(exchange: Any, filed: Any, send: Any, telephone: Samples) -> None:
    """L16 under a payload type that the input's query names; two channels are mixed or parted like a file's."""
    expected = filed(telephone)
    calls = exchange()
    address, stereo = calls.serve(RTP + "?payload=96:L16/8000", RTP + "?payload=97:L16/8000/2")
    send(calls, address, packets_of(telephone.astype(">i2").tobytes(), kind=96, size=2 * SIZE))
    calls.await_that(lambda: len(calls.windows()) == 16)  # the resampler still has the end of the last
    both = np.repeat(telephone[:, np.newaxis], 2, axis=1).astype(">i2").tobytes()
    send(calls, stereo, packets_of(both, kind=97, size=4 * SIZE))
    calls.close()
    streams = list(dict.fromkeys(window.stream for window in calls.windows()))
    rows = [(each.stream, row) for each, row in zip(calls.messages, calls.essence(), strict=True)]
    assert [[row for name, row in rows if name == stream] for stream in streams] == [expected, expected]


def test_a_call_over_audiosocket_is_decided_like_its_file(exchange: Any, filed: Any, telephone: Samples) -> None:
    """The same over Asterisk's protocol, in pieces of any size; the stream is named by the call's UUID."""
    content = message(0x01, CALL.bytes) + b"".join(
        message(0x10, telephone[at : at + SIZE].astype("<i2").tobytes()) for at in range(0, telephone.size, SIZE)
    )
    calls = exchange()
    (address,) = calls.serve(AUDIOSOCKET)
    with socket.create_connection(address) as connection:
        for at in range(0, len(content), 8111):
            connection.sendall(content[at : at + 8111])
        connection.sendall(message(0x03, b"5") + message(0x00))
        assert connection.recv(1) == b""
    calls.close()
    assert calls.essence() == filed(telephone)
    assert {window.stream for window in calls.windows()} == {str(CALL)}


@pytest.mark.parametrize(("kind", "rate"), [(0x11, 12_000), (0x12, 16_000), (0x16, 48_000), (0x18, 192_000)])
def test_audiosocket_has_kinds_for_other_rates(kind: int, rate: int, exchange: Any) -> None:
    """Each kind of audio has its rate; a second of it is a second."""
    calls = exchange()
    (address,) = calls.serve(AUDIOSOCKET, stream="desk")
    with socket.create_connection(address) as connection:
        second = b"".join(message(kind, bytes(rate // 25)) for _ in range(50))  # 20 ms each
        connection.sendall(message(0x01, CALL.bytes) + 3 * second + message(0x00))
        assert connection.recv(1) == b""
    calls.close()
    assert [(each.stream, each.start) for each in calls.windows()] == [(f"desk-{CALL}", i / 2) for i in range(3)]


def test_a_lost_packet_moves_nothing_but_its_gap(exchange: Any, filed: Any, send: Any, telephone: Samples) -> None:
    """Windows before and after the gap have the times and decisions that they have without it."""
    payload = coded(telephone)
    whole = {row["start"]: row for row in filed(g711.decode(payload, "mu")) if "hop" in row}
    calls = exchange()
    (address,) = calls.serve(RTP, leg_wait=0.0)
    packets = packets_of(payload)
    lost = 225  # 4.5 s
    send(calls, address, [each for i, each in enumerate(packets) if i != lost])
    calls.close()
    windows = calls.windows()
    assert [window.start for window in windows] == [start for start in whole if start <= 2.5 or start >= 5.0]
    assert [window.gap_before for window in windows] == [320 if window.start == 5.0 else 0 for window in windows]
    for window in windows:
        if window.start <= 2.0 or window.start >= 5.0:
            if window.probability and window.start <= 2.0:
                assert window.probability == whole[window.start]["probability"]
            assert window.label == whole[window.start]["label"]


def test_senders_on_one_port_are_legs_and_a_pause_is_a_new_call(exchange: Any, send: Any, telephone: Samples) -> None:
    """Another SSRC or address is another stream; after a pause the same sender is a new one; each ends its call."""
    packets = {source: packets_of(coded(telephone[:20_000]), source=source) for source in (1, 2)}
    calls = exchange()
    (address,) = calls.serve(RTP, leg_pause=0.5, stream="desk")
    mixed = [each for pair in zip(packets[1], packets[2], strict=True) for each in pair]
    send(calls, address, mixed)

    def finals() -> list[CallMessage]:
        return [each for each in calls.messages if isinstance(each, CallMessage) and each.final]

    calls.await_that(lambda: len(finals()) == 2)
    send(calls, address, packets[1])
    calls.await_that(lambda: len(finals()) == 3)
    names = [final.stream for final in finals()]
    port = names[0].split("-")[2]
    assert set(names) == {f"desk-127.0.0.1-{port}-0000000{end}" for end in ("1", "2", "1-2")}
    assert [len(calls.windows(name)) for name in names] == [2, 2, 2]
    assert not calls.pipelines


def test_more_legs_than_allowed_are_refused_and_counted(exchange: Any) -> None:
    """A flood of SSRCs opens no more streams than --most-legs; so do connections; health counts the rest."""
    calls = exchange()
    udp, tcp = calls.serve(RTP, AUDIOSOCKET, most_legs=3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for source in range(20):
            for sequence in range(2):
                sender.sendto(packet(sequence, 160 * sequence, bytes(160), source=source), udp)
        calls.await_that(lambda: sum(causes["legs"] for causes in calls.refused.values()) == 17)
    assert len(calls.pipelines) == 3
    connections = [socket.create_connection(tcp) for _ in range(5)]
    for connection in connections[3:]:
        assert connection.recv(1) == b""
    assert len([line for line in calls.said if "refused (legs)" in line]) == 2
    for connection in connections:
        connection.close()


def test_a_flood_is_read_as_it_sounds(exchange: Any) -> None:
    """A sender that is faster than sound is heard for ten seconds of it at once; TCP's waits, RTP's is refused."""
    calls = exchange()
    udp, tcp = calls.serve(RTP, AUDIOSOCKET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for i in range(30):
            sender.sendto(packet(i, 1900 * i, bytes(1900)), udp)  # 57 000 samples: 7 s
        calls.await_that(lambda: len(calls.windows()) >= 10)
        for i in range(30, 60):
            sender.sendto(packet(i, 1900 * i, bytes(1900)), udp)
        calls.await_that(lambda: "early" in calls.refused.get(f"rtp://{udp[0]}:{udp[1]}", {}))
    with socket.create_connection(tcp) as connection:
        connection.setblocking(False)
        connection.send(message(0x01, CALL.bytes))
        sent, second = 0, message(0x10, bytes(2 * 8000))
        with suppress(BlockingIOError):
            while sent < 1000 * len(second):
                sent += connection.send(second[sent % len(second) :])
        assert sent < 900 * len(second)  # a quarter of an hour, but for what the kernel holds
    calls.await_that(lambda: len(calls.windows(str(CALL))) >= 16)
    calls.close()
    assert calls.windows(str(CALL))[-1].lost_samples == 0


def test_who_takes_forever_to_say_who_calls_is_hung_up_on(exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not keep a connection that has brought no audio."""
    monkeypatch.setattr("stream.sources.audiosocket._ANSWER_SECONDS", 0.3)
    monkeypatch.setattr("stream.sources.audiosocket._LOOK_SECONDS", 0.05)
    calls = exchange()
    (tcp,) = calls.serve(AUDIOSOCKET)
    with socket.create_connection(tcp) as connection:
        connection.settimeout(0.1)
        for byte in message(0x01, CALL.bytes):
            with suppress(TimeoutError):
                connection.sendall(bytes([byte]))
                assert connection.recv(1) == b""
                break
        else:
            pytest.fail("it is still heard")
    assert calls.refused[f"audiosocket://{tcp[0]}:{tcp[1]}"] == {"idle": 1}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_the_kernel_drops_is_counted(exchange: Any) -> None:
    """Datagrams that came while nobody read, beyond what the kernel keeps, are in health as overflow."""
    calls = exchange()
    port = open_source(RTP, InputSettings())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        host, _, number = port.source.removeprefix("rtp://").rpartition(":")
        for _ in range(20_000):
            sender.sendto(b"x", (host, int(number)))
    calls.serve(port)
    calls.await_that(lambda: sum(calls.refused.get(port.source, {}).values()) == 20_000)
    assert calls.refused[port.source]["overflow"] > 0


def test_ipv6_too(exchange: Any) -> None:
    """Senders are told apart by their IPv6 addresses as well; colons are no part of a name."""
    calls = exchange()
    (address,) = calls.serve("rtp://[::1]:0")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        for i in range(2):
            sender.sendto(packet(i, 160 * i, bytes(160), source=0xABC), address)
        port = sender.getsockname()[1]
        calls.await_that(lambda: f"rtp---1-{port}-00000abc" in calls.pipelines)


def test_one_by_one_where_there_is_no_recvmmsg(exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Linux's call datagrams are read singly, with the same senders and lengths."""
    read = []
    for many in (True, False):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        ):
            ours.bind(("127.0.0.1", 0))
            ours.setblocking(False)
            sender.bind(("127.0.0.2", 4242))
            for size in (0, 1, 172, 2048):
                sender.sendto(bytes([size % 256]) * size, ours.getsockname())
            if not many:
                monkeypatch.setattr("stream.sources.datagrams._recvmmsg", lambda: None)
            datagrams = Datagrams()
            assert datagrams.read(ours) == 4
            assert datagrams.read(ours) == 0
            read.append([bytes(datagrams.content[i, : datagrams.lengths[i]]) for i in range(4)])
    assert read[0] == read[1]


@pytest.mark.parametrize(
    "content",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        message(0x10, bytes(320)),  # no UUID before
        message(0x01, b"short"),
        message(0x01, CALL.bytes) * 2,
        message(0x01, CALL.bytes) + message(0x10, bytes(3)),
        message(0x01, CALL.bytes) + message(0x10, bytes(320)) + message(0x12, bytes(320)),
        message(0x01, CALL.bytes) + b"\x20",
        message(0x01, CALL.bytes) + b"\x20\x00\x00",
    ],
)
def test_what_is_no_audiosocket_is_hung_up_on(content: bytes, exchange: Any) -> None:
    """A connection that breaks the protocol is closed and counted at once; the port goes on."""
    calls = exchange()
    (address,) = calls.serve(AUDIOSOCKET)
    with socket.create_connection(address) as connection:
        connection.sendall(content)
        if content == message(0x01, CALL.bytes) + b"\x20":  # half a header may become one
            assert not calls.refused
        else:
            assert connection.recv(1) == b""
            assert sum(map(sum, (causes.values() for causes in calls.refused.values()))) == 1
    with socket.create_connection(address) as connection:
        connection.sendall(message(0x01, CALL.bytes) + message(0x00))
        assert connection.recv(1) == b""


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    datagrams=st.lists(
        st.binary(max_size=300)
        | st.builds(
            lambda flags, kind, sequence, timestamp, source, rest: (
                struct.pack("!BBHII", flags, kind, sequence, timestamp, source) + rest
            ),
            st.sampled_from([0x80, 0x80, 0x81, 0x90, 0xA0, 0xB3]),
            st.sampled_from([0, 8, 10, 11, 13, 101, 18, 96, 200]),
            st.integers(0, 5) | st.integers(0, 65535),
            st.integers(0, 1000) | st.integers(0, 2**32 - 1),
            st.integers(0, 2),
            st.binary(max_size=200),
        ),
        max_size=40,
    ),
    stream=st.binary(max_size=400)
    | st.lists(
        st.builds(
            message,
            st.sampled_from([0, 1, 3, 0x10, 0x11, 0x18, 0xFF, 0x55]),
            st.binary(max_size=40) | st.just(CALL.bytes),
        ),
        max_size=10,
    ).map(b"".join),
)
def test_garbage_is_survived(busy: Any, datagrams: list[bytes], stream: bytes) -> None:
    """Random bytes, odd packets and broken messages: no crash, no hang; the next honest call is heard."""
    calls, udp, tcp = busy
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, udp)
    with socket.create_connection(tcp) as connection:
        try:
            connection.sendall(stream)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
        except (ConnectionResetError, BrokenPipeError, OSError):
            pass  # it had enough of us
    uuid = UUID(int=time.monotonic_ns())
    with socket.create_connection(tcp) as connection:
        connection.sendall(message(1, uuid.bytes) + message(0x10, bytes(2 * 8000 * 3)) + message(0))
        assert connection.recv(1) == b""
    calls.await_that(lambda: any(each.stream == str(uuid) for each in calls.windows()))


@pytest.fixture
def busy(exchange: Any) -> Any:
    """An exchange that is served, and its two addresses."""
    calls = exchange()
    return calls, *calls.serve(RTP, AUDIOSOCKET, leg_pause=0.5)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("rtp://127.0.0.1", "expected rtp://HOST:PORT"),
        ("rtp://127.0.0.1:99999", "expected rtp://HOST:PORT"),
        ("rtp://127.0.0.1:5004/path", "expected rtp://HOST:PORT"),
        ("rtp://127.0.0.1:5004?payload=96:OPUS", "expected payload=TYPE"),
        ("rtp://127.0.0.1:5004?payload=300:L16/8000", "expected payload=TYPE"),
        ("rtp://127.0.0.1:5004?payload=96:L16/4000", "expected 8000 to 192000"),
        ("rtp://127.0.0.1:5004?codec=x", "expected payload=TYPE"),
        ("rtp://192.0.2.1:5004", "cannot be listened on"),
        ("audiosocket://127.0.0.1:x", "expected audiosocket://HOST:PORT"),
        ("channels://127.0.0.1:1", "no input is called channels://"),
        ("switchboard://127.0.0.1:1", "no input is called switchboard://"),
    ],
)
def test_addresses_that_cannot_be_are_refused(source: str, what: str) -> None:
    """In one line, with what was expected."""
    with pytest.raises(UnusableError, match=what.replace("?", r"\?")):
        open_source(source, InputSettings())


def test_without_a_host_it_is_loopback() -> None:
    """Nobody else hears or speaks unless asked in."""
    for source in ("rtp://:0", "audiosocket://:0"):
        assert "://127.0.0.1:" in open_source(source, InputSettings()).source


def test_there_are_descriptors_for_all_legs() -> None:
    """The usual limit of open files is raised for as many connections as are allowed, as far as it may be."""
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, soft), hard))
    try:
        open_source(AUDIOSOCKET, InputSettings(most_legs=600)).end()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(856, hard), hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
