"""Laws of the history and of the answers: bounded memory, exact chunks, and no question that breaks anything."""

import random
import threading
import tracemalloc

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.outputs.answers import Answers, ReplayHead
from stream.outputs.history import CHUNK_BYTES, CHUNK_MESSAGES, History


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def filled(count, *, size=600, seconds=1e9, most_bytes=1 << 30):
    """A history with `count` messages of one topic."""
    history = History(seconds=seconds, most_bytes=most_bytes)
    for i in range(count):
        history.add(b"window/a/", i, b"%d" % i + b" " * size)
    return history


@given(st.integers(0, 1200), st.integers(0, 1300), st.integers(0, 3000))
def test_replay_gives_all_from_a_sequence_on_in_chunks(count, sequence, size):
    """Asked for chunk after chunk, the history gives each message from there on, once, in bounded answers."""
    history = filled(count, size=size)
    found, at, more = [], sequence, True
    while more:
        chunk = history.since(b"window/a/", at)
        assert chunk.first == (0 if count else None)
        assert len(chunk.messages) <= CHUNK_MESSAGES
        assert sum(map(len, chunk.messages)) <= CHUNK_BYTES
        found += [int(content) for content in chunk.messages]
        at, more = chunk.next, chunk.more
    assert found == list(range(sequence, count))
    assert at == max(sequence, count)


@pytest.mark.parametrize("sizes", [(1, 60), (1, 600, 5000)])
def test_memory_is_bounded_by_what_is_really_held(sizes):
    """With messages of any size on many topics, what Python has allocated stays below the bound."""
    most, numbers = 1 << 20, random.Random(8)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    history = History(seconds=1e9, most_bytes=most)
    for i in range(10_000):
        history.add(b"window/%d/" % (i % 200), i // 200, bytes(numbers.choice(sizes)))
        if i % 1000 == 0:
            assert tracemalloc.get_traced_memory()[0] - before < most
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 0.6 * most < held < most
    assert history.held_bytes <= most


def test_streams_that_ended_are_forgotten():
    """Nothing is left of hundreds of streams that ended, once their messages are too old."""
    clock = Clock()
    history = History(seconds=60.0, most_bytes=1 << 30, clock=clock)
    for i in range(1_500):
        for kind in ("window", "turn", "call"):
            history.add(f"{kind}/{i}/".encode(), 0, b"last")
        history.end(str(i))
        clock.now += 1.0
        assert len(history.sequences(b"")) <= 61 * 3
    clock.now += 100.0
    history.add(b"health/here/", 0, b"")
    assert history.sequences(b"") == {"health/here/": 1}
    bare = History(seconds=60.0, most_bytes=1 << 30)
    bare.add(b"health/here/", 0, b"")
    assert history.held_bytes == bare.held_bytes


def test_the_last_message_of_a_topic_that_goes_on_is_kept():
    """A verdict of an hour ago is still what the stream says; when the stream ends, it is forgotten a while after."""
    clock = Clock()
    history = History(seconds=60.0, most_bytes=1 << 30, clock=clock)
    history.add(b"call/a/", 0, b"first")
    history.add(b"call/a/", 1, b"verdict")
    clock.now += 3600.0
    history.add(b"window/a/", 0, b"w")
    assert history.last(b"call/") == [(b"call/a/", b"verdict")]
    assert history.since(b"call/a/", 0) == (1, [b"verdict"], 2, False)
    history.add(b"turn/a/", 0, b"turn")
    clock.now += 3600.0
    history.add(b"call/a/", 2, b"final")
    history.end("a")
    assert history.since(b"call/a/", 0) == (2, [b"final"], 3, False)
    assert [name for name, _ in history.last(b"")] == [b"call/a/", b"window/a/", b"turn/a/"]
    clock.now += 61.0
    history.add(b"health/here/", 0, b"")
    assert [name for name, _ in history.last(b"")] == [b"health/here/"]


def test_others_read_while_one_writes():
    """Read from other threads while messages come and are forgotten: every answer is whole and in order."""
    history = History(seconds=1e9, most_bytes=200_000)
    wrong, done = [], threading.Event()

    def read():
        while not done.is_set():
            for name in history.sequences(b""):
                chunk = history.since(name.encode(), 0)
                numbers = [int(content) for content in chunk.messages]
                if numbers != list(range(chunk.first or 0, chunk.next)):
                    wrong.append((name, chunk.first, chunk.next, numbers[:1], numbers[-1:]))
            wrong.extend(pair for pair in history.last(b"") if not pair[1].isdigit())

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for i in range(14_000):
        history.add(b"window/%d/" % (i // 100 % 7), i // 700 * 100 + i % 100, b"%d" % (i // 700 * 100 + i % 100))
        if i % 700 == 699:
            history.end(str(i // 700 % 7))
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong


@given(st.lists(st.binary(max_size=12) | st.sampled_from([b"snapshot", b"sequences", b"replay", b"7"]), max_size=5))
def test_any_question_has_an_answer(question):
    """Whatever is asked, the answer is a list of frames that begins with the word, or with `error`."""
    answer = Answers("e", filled(3)).answer(question)
    assert answer[0] in ({question[0]} if question else set()) | {b"error"}
    assert all(isinstance(frame, bytes) for frame in answer)


def test_replay_says_from_where_on_it_has_messages():
    """Of what is forgotten: the sequence of the first that is kept. Another epoch, or no number, is an error."""
    history = filled(1000, most_bytes=100 * 910)
    answers = Answers("e", history)
    word, head, *messages = answers.answer([b"replay", b"window/a/", b"3"])
    head = msgspec.json.decode(head, type=ReplayHead)
    assert word == b"replay"
    assert head.first == int(messages[0]) > 800
    assert (head.topic, head.epoch, head.asked, head.next, head.more) == ("window/a/", "e", 3, 1000, False)
    assert answers.answer([b"replay", b"window/a/", b"3", b"e"])[2:] == messages
    for bad in (b"", b"-1", b"1.0", b"\xb2", b"9" * 17, b"x"):
        assert answers.answer([b"replay", b"window/a/", bad])[0] == b"error"
    assert answers.answer([b"replay", b"window/a/", b"3", b"f"])[0] == b"error"
    assert answers.answer([b"replay", b"window/z/", b"3"])[2:] == []
