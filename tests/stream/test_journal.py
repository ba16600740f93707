"""Laws of the journal: what was written is found again, in order and bounded, whatever the disk does."""

import errno
import os
import threading
import time
from contextlib import contextmanager

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.outputs.answers import Answers, FromJournal
from stream.outputs.history import CHUNK_MESSAGES, History
from stream.outputs.journal import Journal, JournalReader, JournalSettings, reader, segments, writer

TOPICS = (b"window/a/", b"turn/a/", b"window/a-2/", b"health/a/")


def message(topic, sequence, epoch="e1", size=0):
    kind, name = topic.decode().rstrip("/").split("/")
    key = "daemon" if kind == "health" else "stream"
    head = {"schema": f"genderstream.{kind}/1", "epoch": epoch, "sequence": sequence}
    return msgspec.json.encode(head | {"model": "m" * size, key: name})


@contextmanager
def opened(folder, epoch="e1", *, mib=1024, days=30.0, said=None):
    """A journal, that has written all when it is left."""
    journal = Journal(folder, JournalSettings(str(folder), mib, days), epoch, (said if said is not None else []).append)
    yield journal
    journal.close()


def found(folder, topic, sequence, epoch="e1"):
    """What the reader gives, question after question: the numbers, and how many messages each answer had."""
    journal, numbers, counts, more = JournalReader(folder), [], [], True
    while more:
        chunk = journal.since(epoch, topic, sequence)
        numbers += [msgspec.json.decode(content)["sequence"] for content in chunk.messages]
        assert [msgspec.json.decode(content) for content in chunk.messages] == [
            msgspec.json.decode(message(topic, number, epoch)) | {"model": msgspec.json.decode(content)["model"]}
            for number, content in zip(numbers[len(numbers) - len(chunk.messages) :], chunk.messages, strict=True)
        ]
        counts.append(len(chunk.messages))
        sequence, more = chunk.next, chunk.more
    return numbers, counts


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from(TOPICS), st.integers(0, 3)), max_size=80),
    st.integers(0, 20), st.integers(50, 500), st.integers(1, 400),
)  # fmt: skip
def test_what_was_written_is_found_again(tmp_path_factory, story, sequence, piece, question):
    """For any messages of any topics, holes among them, and any size of pieces: each from there on, once, in order."""
    folder = tmp_path_factory.mktemp("journal")
    written = {topic: [] for topic in TOPICS}
    following = dict.fromkeys(TOPICS, 0)
    with opened(folder) as journal:
        for topic, hole in story:
            following[topic] += hole
            journal.put(message(topic, following[topic]))
            written[topic].append(following[topic])
            following[topic] += 1
    before = reader._PIECE_BYTES, reader._QUESTION_BYTES
    reader._PIECE_BYTES, reader._QUESTION_BYTES = piece, question
    try:
        for topic in TOPICS:
            if story:
                assert found(folder, topic, sequence)[0] == [number for number in written[topic] if number >= sequence]
    finally:
        reader._PIECE_BYTES, reader._QUESTION_BYTES = before


def test_epochs_are_apart_and_answers_bounded(tmp_path):
    """Each epoch has its own messages; one that there is not has none; an answer has a bounded number of messages."""
    for epoch in ("e1", "e2"):
        with opened(tmp_path, epoch) as journal:
            for i in range(CHUNK_MESSAGES + 10):
                journal.put(message(b"window/a/", i, epoch))
    for epoch in ("e1", "e2"):
        assert found(tmp_path, b"window/a/", 0, epoch) == (list(range(CHUNK_MESSAGES + 10)), [CHUNK_MESSAGES, 10])
    assert JournalReader(tmp_path).since("e3", b"window/a/", 0) is None


def test_a_torn_last_line_is_passed_over(tmp_path):
    """What a crash left of a line is not read, and damaged lines are passed over; the others are found."""
    with opened(tmp_path) as journal:
        for i in range(3):
            journal.put(message(b"window/a/", i))
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes().replace(b'"sequence":1', b'"sequence":\xff') + message(b"window/a/", 3)[:-5])
    assert found(tmp_path, b"window/a/", 0)[0] == [0, 2]


def test_its_size_is_bounded_and_the_oldest_go_first(tmp_path, monkeypatch):
    """Whatever is written, the files never take more than they may; what is left is the newest, without a hole."""
    monkeypatch.setattr(writer, "_GATHER_SECONDS", 0.001)
    (tmp_path / "mine.txt").write_text("not the journal's")
    (tmp_path / "00000001-nonsense-e1.jsonl").write_text("neither")
    with opened(tmp_path, mib=1) as journal:
        for i in range(4000):
            journal.put(message(b"window/a/", i, size=600))
            if i % 40 == 0:
                await_health(journal, waiting=0)
                assert segments.total_bytes(segments.list_segments(tmp_path)) <= 1 << 20
                assert journal.health().bytes == segments.total_bytes(segments.list_segments(tmp_path))
    numbers, _ = found(tmp_path, b"window/a/", 0)
    assert numbers == list(range(numbers[0], 4000))
    assert 1000 < len(numbers) < 1700
    assert journal.health().written == 4000
    assert {path.name for path in tmp_path.iterdir()} >= {"mine.txt", "00000001-nonsense-e1.jsonl"}


def test_the_end_of_a_long_epoch_is_found_at_once(tmp_path, monkeypatch):
    """A question about the last messages does not go through all that was before them."""
    with opened(tmp_path, mib=8) as journal:
        for i in range(4000):
            journal.put(message(b"window/a/", i, size=600))
            journal.put(message(b"window/b/", i, size=600))
    monkeypatch.setattr(reader, "_PIECE_BYTES", 1 << 16)
    monkeypatch.setattr(reader, "_QUESTION_BYTES", 3 << 20)  # of five
    assert len(segments.list_segments(tmp_path)) > 4
    assert found(tmp_path, b"window/a/", 3990) == (list(range(3990, 4000)), [10])
    assert found(tmp_path, b"window/a/", 0)[0] == list(range(4000))


def test_old_files_go(tmp_path):
    """Files last written before `journal-days` are deleted when the journal begins a file; younger ones stay."""
    for number, age in ((1, 87_000), (2, 86_000)):
        path = tmp_path / f"0000000{number}-20261121T000000Z-e0.jsonl"
        path.touch()
        os.utime(path, (0, time.time() - age))
    with opened(tmp_path, days=1.0) as journal:
        journal.put(message(b"window/a/", 0))
    assert [segment.number for segment in segments.list_segments(tmp_path)] == [2, 3]


def test_the_disk_may_be_gone_for_a_while(tmp_path, monkeypatch):
    """A write that fails leaves no torn line; all that waited is written once it works again, and both are said."""
    said, broken = [], threading.Event()
    write = os.write

    def write_or_fail(file, content):
        if broken.is_set():
            write(file, content[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, content)

    monkeypatch.setattr(writer.os, "write", write_or_fail)
    monkeypatch.setattr(writer, "_RETRY_SECONDS", 0.01)
    with opened(tmp_path, said=said) as journal:
        for i in range(10):
            if i == 3:
                await_health(journal, written=3)
                broken.set()
            if i == 6:
                await_health(journal, error="No space left on device")
                (path,) = tmp_path.iterdir()
                broken.clear()
            journal.put(message(b"window/a/", i))
    assert found(tmp_path, b"window/a/", 0)[0] == list(range(10))
    assert [path] == list(tmp_path.iterdir())
    assert path.read_bytes().count(b"\n") == 10
    assert [line.split(":")[1][:14] for line in said] == [" cannot write ", " writing again"]


def await_health(journal, **wanted):
    """Wait until the journal's health says so."""
    while any(getattr(journal.health(), name) != value for name, value in wanted.items()):
        threading.Event().wait(0.005)


def test_a_disk_that_hangs_costs_messages_and_nothing_else(tmp_path, monkeypatch):
    """While a write hangs, `put` goes on without waiting, memory is bounded, and what is lost is counted and said."""
    said, hanging = [], threading.Event()
    write = os.write

    def write_late(file, content):
        hanging.wait()
        return write(file, content)

    monkeypatch.setattr(writer.os, "write", write_late)
    monkeypatch.setattr(writer, "_WAITING_BYTES", 10_000)
    with opened(tmp_path, said=said) as journal:
        for i in range(1000):
            journal.put(message(b"window/a/", i))
        health = journal.health()
        assert health.lost + health.waiting + health.written == 1000
        assert 0 < health.waiting < 150
        hanging.set()
        await_health(journal, waiting=0)
    assert said == [f"<4>journal: {health.lost} messages were lost, {1000 - health.lost} are in {tmp_path}"]
    assert len(found(tmp_path, b"window/a/", 0)[0]) == 1000 - health.lost


def test_a_folder_that_vanishes_is_made_again(tmp_path):
    """Files deleted while they are written are begun anew."""
    folder = tmp_path / "some" / "journal"
    with opened(folder) as journal:
        journal.put(message(b"window/a/", 0))
        await_health(journal, written=1)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        journal.put(message(b"window/a/", 1))
    assert found(folder, b"window/a/", 0)[0] == [1]


@pytest.mark.parametrize("hole", [range(280, 290), range(100, 290)])
def test_memory_and_journal_together(tmp_path, hole):
    """Of the running epoch the journal gives what memory has forgotten, and memory what the journal lost."""
    history = History(seconds=1e9, most_bytes=100 * 400)
    answers = Answers("e1", history, JournalReader(tmp_path))
    with opened(tmp_path) as journal:
        for i in range(300):
            history.add(b"window/a/", i, message(b"window/a/", i))
            if i not in hole:
                journal.put(message(b"window/a/", i))
    numbers, at, ways = [], 5, []
    while at < 300:
        answer = answers.answer([b"replay", b"window/a/", b"%d" % at])
        ways.append(isinstance(answer, FromJournal))
        if isinstance(answer, FromJournal):
            answer = answers.answer_from_journal(answer)
        numbers += [msgspec.json.decode(content)["sequence"] for content in answer[2:]]
        at = msgspec.json.decode(answer[1])["next"]
    kept = history.since(b"window/a/", 0).first
    assert 150 < kept < 250
    assert numbers == [i for i in range(5, 300) if i not in hole or i >= kept]
    assert ways[0]
    assert not ways[-1] or hole.start < kept


@pytest.mark.parametrize("epoch", [b"e9", b"", b"../e1", b"\xff"])
def test_an_epoch_that_is_not_kept_is_an_error(tmp_path, epoch):
    """Epochs that no file has, and bytes that are none, get one line."""
    with opened(tmp_path) as journal:
        journal.put(message(b"window/a/", 0))
    answers = Answers("e2", History(seconds=1.0, most_bytes=1000), JournalReader(tmp_path))
    asked = answers.answer([b"replay", b"window/a/", b"0", epoch])
    assert answers.answer_from_journal(asked) == [b"error", b"that epoch is not kept; the running one is e2"]
