"""Laws of the pipe between a capture process and us."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stream.capture.wire import Block, Device, Hears, Lost, Opened, Packet, Refused, Unpacker, pack

texts = st.text(max_size=50)
packets = st.one_of(
    st.builds(Device, texts, st.integers(1, 32), st.integers(8000, 192_000)),
    st.builds(Opened),
    st.builds(Hears, texts),
    st.builds(Lost, texts),
    st.builds(Refused, texts, st.booleans()),
    st.builds(Block, st.floats(0, 1e9), st.integers(0, 2**60), st.booleans(), st.binary(max_size=2000)),
)


@given(st.lists(packets, max_size=20), st.lists(st.integers(0, 30_000), max_size=20))
def test_packets_arrive_whole_however_the_pipe_parts_them(sent: list[Packet], cuts: list[int]) -> None:
    """For any packets and any portions: what is unpacked is what was packed, in order."""
    content = b"".join(map(pack, sent))
    unpacker, received = Unpacker(), []
    places = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    for start, end in pairwise(places):
        received += unpacker.push(content[start:end])
    assert received == sent
