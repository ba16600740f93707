"""RTCP's goodbye: who leaves, and what becomes of the leg."""

import socket
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import packet

from stream.messages import CallMessage
from stream.sources.rtp.control import find_goodbyes

RTP = "rtp://127.0.0.1:0"
BYE = 203
sources = st.lists(st.binary(min_size=4, max_size=4), max_size=5)


def rtcp(kind: int, count: int, content: bytes) -> bytes:
    """One packet of a compound one; `content` of whole words."""
    return struct.pack("!BBH", 0x80 | count, kind, len(content) // 4) + content


def goodbye(*leaving: int, reason: bytes = b"") -> bytes:
    """An empty receiver report, and a BYE."""
    said = struct.pack("!B", len(reason)) + reason if reason else b""
    padded = said + bytes(-len(said) % 4)
    return rtcp(201, 0, bytes(4)) + rtcp(BYE, len(leaving), b"".join(map(int.to_bytes, leaving, [4] * 9)) + padded)


@given(
    parts=st.lists(st.tuples(st.sampled_from([200, 201, 202, BYE, 204]), sources, st.binary(max_size=3)), max_size=5),
    rest=st.binary(max_size=9),
)
def test_who_leaves_is_found_in_any_compound_packet(parts: Any, rest: bytes) -> None:
    """The sources of each BYE, not its reason and no other packet's words; whatever stands behind is no matter."""
    datagram = b"".join(
        rtcp(kind, len(leaving), b"".join(leaving) + (reason and bytes([len(reason)]) + reason.ljust(3, b"\0")))
        for kind, leaving, reason in parts
    )
    wanted = {each for kind, leaving, _ in parts if kind == BYE for each in leaving}
    assert find_goodbyes(datagram + rest) >= wanted
    if not rest:
        assert find_goodbyes(datagram) == wanted


@given(st.binary(max_size=60))
def test_whatever_comes_is_survived(datagram: bytes) -> None:
    """Random bytes name sources of four bytes, or none."""
    assert {len(each) for each in find_goodbyes(datagram)} <= {4}


@pytest.mark.parametrize("beside", [False, True])
def test_a_leg_ends_with_its_goodbye(exchange: Any, beside: bool) -> None:
    """On RTP's port and on the next one: that leg, after all it has sent; another's goodbye, or a stranger's, does not.

    What the same sender sends then is a new call.
    """
    calls = exchange()
    (address,) = calls.serve(RTP, leg_pause=600)
    control = (address[0], address[1] + 1) if beside else address

    def ended() -> list[str]:
        return [each.stream for each in calls.messages if isinstance(each, CallMessage) and each.final]

    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        sender.bind(("127.0.0.1", 0))
        stranger.bind(("127.0.0.2", 0))

        def speak(source: int, seconds: float, sequence: int) -> None:
            for number in range(int(50 * seconds)):
                at = sequence + number
                sender.sendto(packet(at, 160 * at, bytes([0xFF - at % 2]) * 160, source=source), address)

        for source in (7, 8):
            speak(source, 3.0, 0)
        calls.await_that(lambda: len(calls.windows()) >= 4)
        (seven, eight) = sorted(calls.pipelines, key=lambda name: name[-1])
        stranger.sendto(goodbye(7), control)
        sender.sendto(goodbye(9), control)
        sender.sendto(goodbye(8, reason=b"done"), control)
        calls.await_that(ended)
        assert ended() == [eight]
        assert [window.end for window in calls.windows(eight)] == [2.0, 2.5, 3.0]
        speak(7, 1.0, 150)
        calls.await_that(lambda: len(calls.windows(seven)) >= 4)
        speak(8, 3.0, 1000)
        calls.await_that(lambda: calls.windows(f"{eight}-2") != [])
        assert ended() == [eight]
    assert not calls.refused
