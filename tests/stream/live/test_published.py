"""What a running daemon publishes, answers, keeps, and how it ends."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import jsonschema
import msgspec
import numpy as np
import pytest
import soundfile
import zmq

from stream.messages import CallMessage, HealthMessage, TurnMessage, WindowMessage, decode, encode, schemas

RATE = 16_000


@pytest.fixture
def spoken(daemon, listen):
    """A daemon that hears standard input, and a subscription to all it publishes."""
    running = daemon("-", "--name", "here", "--stream", "spoken", stdin=subprocess.PIPE, bufsize=0)
    return running, listen(running)


def windows_of(messages):
    return [message for message in messages if message["schema"] == "genderstream.window/1"]


def assert_whole(messages, topic_key):
    """Sequence numbers of each topic rise by one."""
    by_topic = {}
    for message in messages:
        by_topic.setdefault(message[topic_key], []).append(message["sequence"])
    for topic, sequences in by_topic.items():
        assert sequences == list(range(sequences[0], sequences[0] + len(sequences))), topic


def test_signals_end_it_cleanly(daemon, listen, demo):
    """SIGINT and SIGTERM: all that was decided reaches the subscriber, health last; another run is another epoch."""
    epochs = set()
    for number in (signal.SIGINT, signal.SIGTERM):
        running = daemon(demo)
        messages = listen(running)
        first = next(message for message in messages if message["schema"] == "genderstream.window/1")
        ended = running.finish(number)
        rest = messages.until_end()
        windows = [first, *windows_of(rest)]
        assert_whole(windows, "stream")
        assert rest[-1]["streams"]["demo"]["windows"] == windows[-1]["sequence"] + 1
        assert f"{windows[-1]['sequence'] + 1} decisions, nothing lost" in ended.error
        calls = [message for message in rest if message["schema"] == "genderstream.call/1"]
        assert [call["final"] for call in calls] == [False] * (len(calls) - 1) + [True]
        assert calls[-1]["end"] == windows[-1]["end"]
        assert ended.status == 0
        epochs |= {message["epoch"] for message in (first, *rest)}
    assert len(epochs) == 2


def test_nobody_need_read_standard_error(daemon, listen, demo_samples, tmp_path):
    """Where nobody reads standard error, the daemon publishes all the same, and ends."""
    soundfile.write(tmp_path / "short.wav", demo_samples[: 7 * RATE], RATE)
    running = daemon(*[tmp_path / "short.wav"] * 3)
    messages = listen(running)
    fill(running.process.stderr)
    assert_whole(windows_of(messages.until_end(streams=3)), "stream")
    assert running.process.wait() == 0


def fill(pipe):
    """Write to `pipe`, whose reading end we have, until nothing more goes in."""
    other = os.open(f"/proc/self/fd/{pipe.fileno()}", os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(other, b"-" * 4096)
    except BlockingIOError:
        os.close(other)


def test_a_silent_pipe_does_not_hold_it_up(spoken):
    """A daemon that waits for a pipe that says nothing ends when it is told to."""
    running, _ = spoken
    assert running.finish(signal.SIGTERM).status == 0


def test_the_end_of_input_is_the_end(spoken):
    """When every input has ended, the daemon ends by itself, with status 0."""
    running, messages = spoken
    running.process.stdin.write(bytes(2 * 40_000))
    running.process.stdin.close()
    running.process.stdin = None
    assert [each["sequence"] for each in windows_of(messages.until_end())] == [0, 1]
    assert running.finish().status == 0


@pytest.mark.parametrize("kind", [zmq.DEALER, zmq.REQ])
def test_a_snapshot_is_the_last_message_of_each_topic(kind, spoken, ask):
    """`snapshot` answers with topic and content of each topic's last message; a prefix chooses among the topics."""
    running, messages = spoken
    running.process.stdin.write(bytes(2 * 3 * RATE))
    last = next(
        (topic, content) for topic, content in messages.frames() if msgspec.json.decode(content)["sequence"] == 2
    )
    word, *frames = ask(running, b"snapshot", kind=kind)
    assert word == b"snapshot"
    found = dict(zip(frames[::2], frames[1::2], strict=True))
    assert set(found) == {b"window/spoken/", b"health/here/"}
    assert found[last[0]] == last[1]
    assert ask(running, b"snapshot", b"window/", kind=kind) == [b"snapshot", *last]
    assert ask(running, b"snapshot", b"window/s", kind=kind) == [b"snapshot", *last]
    assert ask(running, b"snapshot", b"turn/", kind=kind) == [b"snapshot"]


def test_garbage_is_answered_with_an_error_and_survived(spoken, ask, context):
    """A question that is none gets `error`; who sends more than 4 kB is hung up on; the daemon goes on."""
    running, messages = spoken
    none = ([b"hello"], [b"snapshot", b"a", b"b"], [b"\xff\x00"], [b"", b""], [b"x"] * 1000, [b"y" * 4096])
    none += ([b"sequences", b"", b""], [b"replay"], [b"replay", b"a"], [b"replay", b"a", b"-1"])
    none += ([b"replay", b"a", b"1", b"b", b"c"], [b"replay", b"a", b"9" * 1000], [b"replay", b"\xff", b"1", b"\xff"])
    for question in none:
        assert ask(running, *question)[-2] == b"error"
    for kind, endpoint in ((zmq.DEALER, running.ask), (zmq.XSUB, running.endpoint)):
        with context.socket(kind) as rude, rude.get_monitor_socket(zmq.EVENT_DISCONNECTED) as monitor:
            rude.connect(endpoint)
            rude.send(b"\1" * 4097)
            monitor.recv_multipart()  # it has hung up
            rude.disable_monitor()
        with socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2]))) as raw:
            raw.sendall(bytes(range(256)) * 4)  # no ZeroMQ at all
    next(message for message in messages if "daemon" in message)
    assert ask(running, b"snapshot", b"health/")[:2] == [b"snapshot", b"health/here/"]
    assert running.stop().status == 0


def test_every_message_is_what_the_schemas_say(spoken, demo_samples, command, demo):
    """Each message validates against its published JSON Schema, and decode(encode(message)) is the message."""
    running, messages = spoken
    running.process.stdin.write(demo_samples.tobytes())
    running.process.stdin.close()
    running.process.stdin = None
    contents = []
    for topic, content in messages.frames():
        contents.append(content)
        assert decode(content).topic.encode() == topic
        if topic == b"health/here/" and [each.state for each in decode(content).streams.values()] == ["ended"]:
            break
    for scored in command("score", demo).messages:
        del scored["file"]
        contents.append(msgspec.json.encode(scored))
    validators = {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}
    for content in contents:
        assert encode(decode(content)) == content
        assert decode(encode(decode(content))) == decode(content)
        kind = msgspec.json.decode(content)["schema"].split(".")[1].split("/")[0]
        validators[f"{kind}.json"].validate(msgspec.json.decode(content))
    states = {decode(content).state for content in contents if b"genderstream.window/1" in content}
    assert states == {"speech", "silence", "noise"}
    assert {type(decode(content)) for content in contents} == {WindowMessage, TurnMessage, CallMessage, HealthMessage}


def test_turns_and_verdicts_are_published(spoken, demo_samples):
    """A recording of two voices: turns in order, a verdict that becomes mixed, shares of time that add up to 1."""
    running, listening = spoken
    running.process.stdin.write(demo_samples.tobytes())
    running.process.stdin.close()
    running.process.stdin = None
    messages = listening.until_end()
    turns, calls = (
        [each for each in messages if each["schema"] == f"genderstream.{kind}/1"] for kind in ("turn", "call")
    )
    assert_whole(turns, "stream")
    assert_whole(calls, "stream")
    assert [turn["label"] for turn in turns] == ["female", "male"] * 2
    assert [calls[0]["label"], *(call["reason"] for call in calls[-2:])] == ["female", "mixed", "mixed"]
    assert [call["final"] for call in calls] == [False] * (len(calls) - 1) + [True]
    assert calls[-1]["turns"] == 4
    assert [handover["label"] for handover in calls[-1]["handovers"]] == ["male", "female", "male"]
    share = calls[-1]["share"]
    assert sum(share.values()) == pytest.approx(1.0, abs=2e-4)
    for span in ("minute", "hour", "all"):
        assert messages[-1]["streams"]["spoken"]["speaking_share"][span] == {k: v for k, v in share.items() if v}
    assert "no verdict: mixed (male from " in running.finish().error


def test_several_inputs_by_name(tmp_path, demo_samples, daemon, listen):
    """Inputs named in a TOML file run at once, each on its topic without holes; --save-audio keeps what was heard."""
    woman, man = demo_samples[: 3 * RATE], demo_samples[6 * RATE : 9 * RATE]
    soundfile.write(tmp_path / "a.wav", woman, RATE)
    soundfile.write(tmp_path / "b.wav", np.stack([man, woman], axis=1), RATE)
    kept = tmp_path / "kept"
    (tmp_path / "hall.toml").write_text(
        f"""
        name = "hall"
        save-audio = "{kept}"
        [input.stage]
        source = "{tmp_path}/a.wav"
        [input.line]
        source = "{tmp_path}/b.wav"
        channels = "split"
        """
    )
    running = daemon("--config", tmp_path / "hall.toml")
    messages = listen(running).until_end(streams=3)
    windows = windows_of(messages)
    inputs = {"stage": woman, "line.left": man, "line.right": woman}
    labels = {"stage": "female", "line.left": "male", "line.right": "female"}
    assert {window["stream"] for window in windows} == set(inputs)
    for stream in inputs:
        heard = [window for window in windows if window["stream"] == stream]
        assert [window["sequence"] for window in heard] == [0, 1, 2]
        assert {window["label"] for window in heard} == {labels[stream]}
    assert_whole([message for message in messages if "daemon" in message], "daemon")
    assert running.finish().status == 0
    assert len(list(kept.iterdir())) == 3
    for stream, samples in inputs.items():
        (path,) = kept.glob(f"{stream}-*.flac")
        saved, rate = soundfile.read(path, dtype="int16")
        assert rate == RATE
        assert np.array_equal(saved, samples)


def test_no_audio_is_kept_unasked(tmp_path, daemon, demo_samples):
    """Without --save-audio no file is written: not where it runs, not at home, not in the folder for temporary ones."""
    places = [tmp_path / name for name in ("here", "home", "temporary")]
    for place in places:
        place.mkdir()
    environment = {"HOME": str(places[1]), "TMPDIR": str(places[2]), "XDG_CACHE_HOME": str(places[1])}
    running = daemon("-", stdin=subprocess.PIPE, bufsize=0, cwd=places[0], env=environment)
    running.process.stdin.write(demo_samples.tobytes())
    running.process.stdin.close()
    running.process.stdin = None
    assert running.finish().status == 0
    assert [path for place in places for path in place.rglob("*")] == []


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="no such policy on this system")
def test_sending_waits_for_a_core_that_is_free(daemon, demo):
    """ZeroMQ's threads, woken by each message, do not take the core from the worker; all others go on as usual."""
    running = daemon(demo)
    tasks = Path("/proc", str(running.process.pid), "task").iterdir()
    found = {((task / "comm").read_text().startswith("ZMQ"), os.sched_getscheduler(int(task.name))) for task in tasks}
    running.stop()
    assert found == {(True, os.SCHED_BATCH), (False, os.SCHED_OTHER)}
