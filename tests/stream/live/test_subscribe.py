"""`genderstream subscribe`: waits for the daemon, counts, and ends quietly."""

import os
import signal

import msgspec
import pytest


@pytest.fixture
def endpoints(tmp_path):
    """Where the daemon will be: known before it is there, and free."""
    return f"ipc://{tmp_path}/publish", ("--bind", f"ipc://{tmp_path}/publish", "--ask", f"ipc://{tmp_path}/ask")


def test_waits_for_a_daemon_and_for_the_next(endpoints, start, genderstream, daemon, demo):
    """It says that it waits, gets going when a daemon appears, waits again when that ends, and reads the next."""
    endpoint, ports = endpoints
    subscriber = start(genderstream, "subscribe", "--connect", endpoint, "--topic", "window/demo/")
    epochs = set()
    for _ in range(2):
        subscriber.await_line(f"waiting for {endpoint}")
        running = daemon(demo, ports=ports)
        subscriber.await_line(f"connected to {endpoint}")
        message = msgspec.json.decode(subscriber.process.stdout.readline())
        epochs.add(message["epoch"])
        assert message["stream"] == "demo"
        assert running.stop().status == 0
    assert len(epochs) == 2
    ended = subscriber.finish(signal.SIGINT)
    assert ended.status == 0
    assert "Traceback" not in ended.error


def test_count_and_topic(endpoints, start, genderstream, daemon, demo):
    """--topic chooses, --count messages are printed, one JSON object a line, then it ends with status 0."""
    endpoint, ports = endpoints
    subscriber = start(genderstream, "subscribe", "--connect", endpoint, "--topic", "window/", "--count", 2)
    subscriber.await_line("waiting for")
    daemon(demo, ports=ports)
    ended = subscriber.finish()
    assert ended.status == 0
    assert [message["schema"] for message in ended.messages] == ["genderstream.window/1"] * 2


def test_a_reader_who_has_enough_ends_it_quietly(daemon, start, genderstream, demo):
    """Output into a pipe that is closed, as `| head -1` does, ends subscribe and score with status 0 and no words."""
    running = daemon(demo)
    programs = [
        start(genderstream, "subscribe", "--connect", running.endpoint, "--ask", running.ask),
        start(genderstream, "score", *[demo] * 20),  # more than a pipe holds
    ]
    for program in programs:
        assert msgspec.json.decode(program.process.stdout.readline())
        program.process.stdout.close()
        program.process.stdout = None
        ended = program.finish()
        assert ended.status == 0
        assert "Error" not in ended.error


def test_nobody_reads_at_all(start, genderstream, demo):
    """The little that `score` still holds back when its reader has gone is no failure, either."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        ended = start(genderstream, "score", demo, stdout=pipe).finish()
    assert ended.status == 0
    assert "Error" not in ended.error
