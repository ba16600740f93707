"""A call of Twilio's, message by message: order, losses in their place, and what is no call."""

import base64
from contextlib import suppress

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import UnusableError
from stream.records import AudioBlock
from stream.ring import Ring
from stream.sources.ws.twilio import MOST_GAP_SECONDS, MOST_HELD, Call

FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
START = {"event": "start", "sequenceNumber": "1", "start": {"callSid": "CA1", "mediaFormat": FORMAT}}


class Heard:
    """A call, and what its streams would read."""

    def __init__(self, *messages):
        self.rings = {}
        self.call = Call(lambda token: None, self._open)
        for message in messages:
            self.hear(message)

    def end(self):
        self.call.__exit__(None, None)

    def hear(self, message):
        self.call.hear(msgspec.json.encode(message).decode())

    def _open(self, name):
        self.rings[name] = Ring(1 << 20, live=True, wake=lambda: None)
        return self.rings[name]

    def pieces(self, name="CA1.inbound"):
        """(start, "samples" or "gap", what) of each piece, blocks joined."""
        found = []
        while (piece := self.rings[name].read(1 << 20)) is not None:
            if isinstance(piece, AudioBlock):
                found.append((piece.start, piece.samples.tolist()))
            else:
                assert (piece.cause, piece.estimated) == ("network", False)
                found.append((piece.start, piece.length))
        return found


def media(number, chunk, track="inbound", size=160, timestamp=None, tremble=0):
    """A message whose samples tell which chunk it is."""
    payload = base64.b64encode(bytes([chunk % 251]) * size).decode()
    at = 61 + chunk * 20 + tremble if timestamp is None else timestamp
    content = {"track": track, "chunk": str(chunk + 1), "timestamp": str(at), "payload": payload}
    return {"event": "media", "sequenceNumber": str(number), "media": content}


def expected(chunks):
    """The pieces that these chunks, of which some are missing, make: what is before the first does not count."""
    whole = Heard(START, *(media(2 + i, chunk, timestamp=0) for i, chunk in enumerate(chunks)))
    whole.end()
    samples = np.concatenate([np.asarray(piece[1]) for piece in whole.pieces()])
    found = []
    for i, chunk in enumerate(chunks):
        start = (chunk - chunks[0]) * 160
        follows = i and chunk == chunks[i - 1] + 1
        if i and not follows:
            before = (chunks[i - 1] + 1 - chunks[0]) * 160
            found.append((before, start - before))
        if not follows:
            found.append((start, []))
        found[-1][1].extend(samples[i * 160 : (i + 1) * 160].tolist())
    return found


@given(data=st.data())
def test_whatever_is_lost_late_or_doubled_moves_nothing_else(data):
    """Messages lost, out of order, doubled, and trembling timestamps: every sample in its place, gaps exact."""
    chunks = list(range(data.draw(st.integers(2, 60))))
    lost = data.draw(st.sets(st.sampled_from(chunks[1:]), max_size=len(chunks) // 2))
    there = [chunk for chunk in chunks if chunk not in lost]
    delays = data.draw(st.lists(st.integers(0, MOST_HELD // 2), min_size=len(there), max_size=len(there)))
    tremble = data.draw(st.lists(st.integers(-4, 4), min_size=len(there), max_size=len(there)))
    sent = [media(2 + chunk, chunk, tremble=trembles) for chunk, trembles in zip(there, tremble, strict=True)]
    sent = [sent[i] for i in sorted(range(len(sent)), key=lambda i: (there[i] + delays[i], i))]
    doubled = data.draw(st.sets(st.sampled_from(range(len(sent)))))
    heard = Heard(START)
    for i, message in enumerate(sent):
        heard.hear(message)
        if i in doubled:
            heard.hear(message)
    heard.end()
    assert heard.pieces() == expected(there)
    assert heard.call.late == len(doubled)


def test_a_missing_message_is_waited_for_but_not_for_long():
    """Others wait for one that is missing, at most MOST_HELD of them; it is late from then on."""
    heard = Heard(START, media(2, 0), *(media(4 + i, 2 + i) for i in range(MOST_HELD)))
    assert heard.rings["CA1.inbound"].mark.position == 160
    heard.hear(media(4 + MOST_HELD, 2 + MOST_HELD))
    assert heard.rings["CA1.inbound"].mark.position == (3 + MOST_HELD) * 160
    heard.hear(media(3, 1))
    assert heard.call.late == 1
    assert heard.pieces()[1] == (160, 160)


def test_each_track_is_a_stream_from_its_first_sample():
    """Tracks share the numbers, not the clock's beginning; a message lost on one is no gap on the other."""
    heard = Heard(START, media(2, 0), media(3, 5, "outbound"), media(5, 6, "outbound"), media(6, 2), media(7, 3))
    heard.end()
    assert [piece[0] for piece in heard.pieces("CA1.outbound")] == [0]
    assert [(start, what) for start, what in heard.pieces() if isinstance(what, int)] == [(160, 160)]


def test_senders_that_neither_number_nor_time_are_heard_as_it_comes():
    """Without numbers and timestamps, everything follows everything, and stop still ends the call."""
    start, *rest = {"event": "start", "start": START["start"]}, media(0, 0), media(0, 1)
    for message in rest:
        del message["sequenceNumber"], message["media"]["timestamp"]
    heard = Heard({"event": "connected"}, start, *rest, {"event": "novelty", "novelty": {}}, {"event": "stop"})
    assert heard.call.ended
    assert heard.rings["CA1.inbound"].mark.position == 320


def test_upstream_silence_is_a_gap_and_slow_clocks_are_none():
    """A jump of the timestamps by a message or more is a gap though no number is missing; less is none."""
    for late, gap in ((19, 0), (20, 160), (59, 320), (-40, 0)):
        heard = Heard(START, media(2, 0), media(3, 1, timestamp=81 + late))
        assert heard.rings["CA1.inbound"].mark.position == 320 + gap, late
    drifting = Heard(START, *(media(2 + i, i, timestamp=61 + i * 20_020 // 1000) for i in range(3000)))
    assert drifting.rings["CA1.inbound"].mark.position == 3000 * 160


def test_a_jump_that_no_call_makes_is_refused():
    """Timestamps cannot make a stream longer than MOST_GAP_SECONDS at once."""
    heard = Heard(START, media(2, 0))
    heard.hear(media(3, 1, timestamp=81 + MOST_GAP_SECONDS * 1000))
    assert heard.rings["CA1.inbound"].mark.position == (2 * 160) + MOST_GAP_SECONDS * 8000
    for number, jump in ((4, 60_020), (5, 1 << 52)):
        with pytest.raises(UnusableError, match=r"timestamp jumps by \d+ ms: expected 60 s at most"):
            heard.hear(media(number, 2, timestamp=61 + 40 + 60_000 + jump))


@pytest.mark.parametrize("number", [0, 7])
def test_a_call_ends_with_stop(number):
    """Whatever number start has: what follows stop is not heard, what came without samples is nothing, streams end."""
    heard = Heard(START | {"sequenceNumber": str(number)}, media(number + 1, 0), media(number + 2, 1, size=0))
    heard.hear({"event": "stop", "sequenceNumber": str(number + 4)})
    assert not heard.call.ended
    heard.hear(media(number + 3, 1))
    assert heard.call.ended
    heard.hear(media(number + 5, 2))
    heard.end()
    assert [(start, len(samples)) for start, samples in heard.pieces()] == [(0, 320)]
    assert heard.rings["CA1.inbound"].exhausted


def test_what_comes_before_start_is_no_call():
    """Only connected may come before start."""
    for event in ("media", "stop", "novelty"):
        with pytest.raises(UnusableError, match=f"{event} came before start"):
            Heard({"event": "connected"}, {"event": event, "sequenceNumber": "1"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
FIELD = st.sampled_from(["1", "-1", "x", 2, 1e300, None, [], {}, "999999999999999999999", "audio/x-mulaw", "inbound"])
MESSAGE = st.fixed_dictionaries(
    {"event": st.sampled_from(["connected", "start", "media", "mark", "dtmf", "stop", ""])},
    optional={
        "sequenceNumber": FIELD | st.integers(0, 40).map(str),
        "start": st.just(START["start"]) | st.fixed_dictionaries({"mediaFormat": FIELD | JSON, "callSid": FIELD}),
        "media": st.fixed_dictionaries(
            {"track": st.sampled_from(["inbound", "outbound", 1]), "payload": st.sampled_from(["AAAA", "", "=", 3])},
            optional={"timestamp": FIELD | st.integers(0, 100_000).map(str)},
        ),
    },
)  # fmt: skip


@pytest.mark.slow
@given(messages=st.lists(st.just(START) | MESSAGE | JSON, max_size=40))
def test_nothing_that_is_sent_breaks_more_than_its_call(messages):
    """Any JSON whatever: heard, or refused as what it is; two streams that end, and are bounded, at the most."""
    heard = Heard()
    for message in [START, *messages]:
        with suppress(UnusableError):
            heard.hear(message)
    with suppress(UnusableError):
        heard.end()
    assert len(heard.rings) <= 2
    for name, ring in heard.rings.items():
        assert ring.mark.position <= len(messages) * (3 + 8000 * MOST_GAP_SECONDS)
        heard.pieces(name)
        assert ring.exhausted


@given(content=st.text(max_size=200))
def test_no_text_breaks_more_than_its_call(content):
    """Any text whatever is refused as no message of Twilio's."""
    with pytest.raises(UnusableError, match=r"no message of Twilio Media Streams|came before start"):
        Heard().call.hear(content)
