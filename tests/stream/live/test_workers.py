"""Several processes that decide and one that publishes: subscribers read the same; how it ends, and what fails."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
import soundfile

RATE = 16_000

pytestmark = pytest.mark.slow  # each worker loads Numba and the model


@pytest.fixture
def recordings(tmp_path, demo_samples):
    """Five, of which two have the same name and sound."""
    paths = []
    for name, start, seconds in [("a", 0, 6), ("b", 7, 5), ("c", 12, 1), ("x/d", 20, 4), ("y/d", 20, 4)]:
        paths.append(tmp_path / f"{name}.wav")
        paths[-1].parent.mkdir(exist_ok=True)
        soundfile.write(paths[-1], demo_samples[start * RATE : (start + seconds) * RATE], RATE)
    return paths


def workers_of(running):
    """The processes that decide, in the order of their numbers."""
    pid = running.process.pid
    children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def until_over(messages, streams):
    """All up to the health message by which all `streams` have ended."""
    heard, over = [], set()
    for message in messages:
        heard.append(message)
        over |= {name for name, stream in message.get("streams", {}).items() if stream["state"] == "ended"}
        if over >= set(streams):
            return heard
    raise AssertionError


def by_topic(messages):
    topics = {}
    for message in messages:
        topics.setdefault((message["schema"], message.get("stream")), []).append(message)
    return topics


def assert_whole(messages):
    """Sequence numbers of each topic rise by one."""
    for topic in by_topic(messages).values():
        first = topic[0]["sequence"]
        assert [message["sequence"] for message in topic] == list(range(first, first + len(topic)))


def test_as_many_as_there_are_say_the_same(daemon, listen, recordings, essence):
    """With one process or three: the same messages in each topic, in order, without holes, of one epoch."""
    heard = {}
    for count, processes in ((1, 0), (2, 2)):
        running = daemon(*recordings, "--workers", count)
        messages = listen(running)
        assert len(workers_of(running)) == processes
        messages = until_over(messages, "abcd")
        assert running.finish().status == 0
        assert len({message["epoch"] for message in messages}) == 1
        assert_whole(messages)
        heard[count] = {topic: essence(each) for topic, each in by_topic(messages).items() if topic[1]}
    assert {stream for _, stream in heard[1]} == {"a", "b", "c", "d", "d-2"}
    assert heard[1] == heard[2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_them_cleanly(number, daemon, listen, demo):
    """A signal to all processes at once, as a terminal or a service manager sends it: what was decided comes out."""
    running = daemon(demo, "-", "--workers", "2", stdin=subprocess.PIPE, bufsize=0, start_new_session=True)
    messages = iter(listen(running))
    running.process.stdin.write(bytes(2 * 5 * RATE))
    first = [next(messages)]
    while len({message.get("stream") for message in first} - {None}) < 2:
        first.append(next(messages))
    os.killpg(running.process.pid, number)
    heard = first + until_over(messages, ("demo", "stdin"))
    ended = running.finish()
    assert ended.status == 0
    assert "Traceback" not in ended.error
    assert_whole(heard)
    finals = [message["stream"] for message in heard if message.get("final")]
    assert sorted(finals) == ["demo", "stdin"]
    for stream in ("demo", "stdin"):
        windows = by_topic(heard)["genderstream.window/1", stream]
        assert f"{stream}: {windows[-1]['end']:.1f} s heard" in ended.error


def test_one_that_dies_is_told_and_the_others_go_on(daemon, listen, demo, demo_samples, tmp_path):
    """A worker that is killed: its streams have failed, says health; the others' are heard to their end; status 1."""
    long = tmp_path / "long.wav"
    soundfile.write(long, demo_samples[: 8 * RATE], RATE)
    running = daemon(long, demo, "--workers", "2")
    messages = listen(running)
    while "demo" not in next(iter(messages)).get("streams", {}):
        pass
    os.kill(workers_of(running)[1], signal.SIGKILL)
    heard = until_over(messages, ["long"])
    assert heard[-1]["streams"]["demo"]["state"] == "failed"
    assert by_topic(heard)["genderstream.window/1", "long"][-1]["end"] == 8.0
    ended = running.finish()
    assert ended.status == 1
    assert f"worker 2 died (SIGKILL), and with it {demo}; the other inputs go on" in ended.error
    assert ended.error.splitlines()[-1].startswith("genderstream: worker 2 died (SIGKILL)")


def test_another_takes_a_dead_ones_place(daemon, listen, tmp_path):
    """Its ports and devices begin anew, under new names and the configuration of now; a pipe has failed; others go on.

    However often. At the end all is in order, but for the pipe.
    """
    path = tmp_path / "shelf.toml"
    inputs = [("-", "pipe"), ("load://1", "beside"), ("load://1", "again")]
    text = "".join(f'[input.{name}]\nsource = "{source}"\n' for source, name in inputs)
    path.write_text(text)
    running = daemon("--config", path, "--workers", "2", stdin=subprocess.PIPE, bufsize=0)
    messages = iter(listen(running))
    heard = []

    def until(right):
        while not (heard and right(heard[-1])):
            heard.append(next(messages))

    def window_of(name):
        until(lambda message: message["schema"] == "genderstream.window/1" and message["stream"] == name)

    running.process.stdin.write(bytes(RATE))
    for name in ("again-0", "beside-0"):
        window_of(name)
    path.write_text("vad-share = 1.0\n" + text)
    running.process.send_signal(signal.SIGHUP)
    running.await_line("reloaded")
    until(lambda message: "again-0" in message.get("streams", {}))
    for number, name in enumerate(("again-0-2", "again-0-3")):
        os.kill(workers_of(running)[number and -1], signal.SIGKILL)
        until(lambda message, number=number: ended(message, ("again-0", "again-0-2")[number]))
        until(lambda message, name=name: name in message.get("streams", {}))
    over = {name: each["cause"] for message in heard for name, each in message.get("streams", {}).items()
            if each["state"] == "ended"}  # fmt: skip
    assert over == dict.fromkeys(["pipe", "again-0", "again-0-2"], "its worker died (SIGKILL)")
    until(lambda message: message.get("failed"))
    assert heard[-1]["failed"] == {"-": "its worker died (SIGKILL)"}
    until(lambda message: message["schema"] == "genderstream.window/1" and message["stream"] == "again-0-3"
          and 0.0 < message["vad_ratio"] < 1.0)  # fmt: skip
    assert heard[-1]["state"] == "silence"
    assert_whole(heard)
    beside = by_topic(heard)["genderstream.window/1", "beside-0"]
    assert {window["gap_before"] for window in beside} == {0}
    finished = running.stop()
    assert finished.status == 0
    assert finished.error.count("another begins anew in ") == 2
    assert "Traceback" not in finished.error


def ended(message, stream):
    return message.get("streams", {}).get(stream, {}).get("state") == "ended"


def test_what_cannot_be_used_is_refused_at_once(daemon, start, genderstream, recordings, tmp_path):
    """An input that a worker cannot use ends all with status 2 and one line, before anything is published."""
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    ended = start(
        genderstream, "run", "--bind", "tcp://127.0.0.1:*", "--ask", "tcp://127.0.0.1:*",
        recordings[0], tmp_path / "broken.wav", "--workers", "2",
    ).finish()  # fmt: skip
    assert ended.status == 2
    assert ended.error.count("\n") == 1
    assert "broken.wav is no audio file" in ended.error


def test_they_do_not_outlive_the_one_that_publishes(daemon, listen, demo):
    """Where the process that publishes is killed, the workers end, too."""
    running = daemon(demo, demo, "--workers", "2")
    next(iter(listen(running, "window/")))
    running.process.kill()
    running.process.stderr.read()  # its other end is open as long as any of them is there
    assert running.process.wait() == -signal.SIGKILL
