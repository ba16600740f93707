"""RTP headers: what the parser of batches says is what RFC 3550 says of each packet alone, whatever the bytes."""

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from wire import packet

from stream.sources.rtp.packets import HEADER_BYTES, parse

SIZE = 256

made = st.builds(
    packet,
    st.integers(0, 65535),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=80),
    kind=st.integers(0, 255),
    source=st.integers(0, 2**32 - 1),
    contributing=st.integers(0, 15),
    extension=st.none() | st.integers(0, 8).map(lambda words: b"\xaa" * 4 * words),
    padding=st.integers(0, 40),
)
mutated = st.tuples(made, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3)).map(
    lambda pair: bytes(dict(pair[1]).get(i, byte) for i, byte in enumerate(pair[0]))
)
truncated = st.tuples(made, st.integers(0, 100)).map(lambda pair: pair[0][: pair[1]])
datagrams = st.lists(st.one_of(made, mutated, truncated, st.binary(max_size=SIZE + 50)), min_size=1, max_size=12)


def reference(datagram: bytes) -> tuple[int, int, int, bytes] | str:
    """Payload type, sequence, timestamp and payload, as RFC 3550 (5.1, 5.3.1) and RFC 5761 say; or what else it is."""
    if not HEADER_BYTES <= len(datagram) <= SIZE or datagram[0] >> 6 != 2:
        return "malformed"
    flags, kind, sequence, timestamp, _ = struct.unpack_from("!BBHII", datagram)
    if 192 <= kind <= 223:
        return "rtcp"
    payload = datagram[HEADER_BYTES:]
    if len(payload) < 4 * (flags & 15):
        return "malformed"
    payload = payload[4 * (flags & 15) :]
    if flags & 0x10:
        if len(payload) < 4 or len(payload) < 4 + 4 * int.from_bytes(payload[2:4]):
            return "malformed"
        payload = payload[4 + 4 * int.from_bytes(payload[2:4]) :]
    if flags & 0x20:
        if not payload or not 0 < payload[-1] <= len(payload):
            return "malformed"
        payload = payload[: -payload[-1]]
    return kind & 0x7F, sequence, timestamp, payload


@given(datagrams=datagrams, before=st.binary(min_size=SIZE, max_size=SIZE))
def test_a_batch_is_parsed_as_each_packet_alone(datagrams: list[bytes], before: bytes) -> None:
    """Random, mutated, truncated and sound packets: the same fields and payloads as by the book, or malformed."""
    content = np.frombuffer(before * len(datagrams), np.uint8).reshape(-1, SIZE).copy()  # what was there before
    for row, datagram in zip(content, datagrams, strict=True):
        row[: len(datagram)] = np.frombuffer(datagram[:SIZE], np.uint8)
    packets = parse(content, np.array([len(each) for each in datagrams]))
    expected = [reference(each) for each in datagrams]
    assert packets.malformed == expected.count("malformed")
    sound = [(row, each) for row, each in enumerate(expected) if isinstance(each, tuple)]
    assert packets.rows.tolist() == [row for row, _ in sound]
    for i, (row, (kind, sequence, timestamp, payload)) in enumerate(sound):
        assert (packets.kinds[i], packets.sequences[i], packets.timestamps[i]) == (kind, sequence, timestamp)
        size = packets.sizes[i]
        assert content[row, HEADER_BYTES : HEADER_BYTES + size].tobytes() == payload
