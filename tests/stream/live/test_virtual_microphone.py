"""The real capture path: PortAudio hears a virtual microphone, into which the demo's voices speak."""

import re
from itertools import islice, pairwise

import msgspec
import numpy as np
import pytest
import soundfile

SECONDS_HEARD = 40  # at the most, until both voices must have been told apart


@pytest.fixture
def voices(tmp_path, demo_samples):
    """A woman for four seconds, then a man."""
    path = tmp_path / "voices.wav"
    soundfile.write(path, demo_samples[: 10 * 16_000], 16_000)
    return path


@pytest.fixture(autouse=True)
def portaudio(lacking):
    """Nothing is captured without it."""
    try:
        import sounddevice  # noqa: F401, PLC0415 - looks for the library
    except OSError:
        lacking("the PortAudio library is not installed (apt-get install libportaudio2)")


def test_hears_a_woman_then_a_man(microphone, daemon, start, genderstream, voices):
    """Spoken into the microphone, read by another process: female, then male, nothing lost, promptly."""
    running = daemon(env=microphone)
    running.await_line("listening to")
    subscriber = start(genderstream, "subscribe", "--connect", running.endpoint, "--topic", "window/")
    subscriber.await_line("connected to")
    start("paplay", "--device=vmic", voices, env=microphone)
    windows, turns = [], []
    for line in islice(subscriber.process.stdout, 2 * SECONDS_HEARD):
        windows.append(msgspec.json.decode(line))
        turns += [windows[-1]["smoothed"]["label"]]
        if "male" in turns:
            break
    assert [turn for turn, before in zip(turns, ["", *turns], strict=False) if turn not in (before, "unknown")] == [
        "female",
        "male",
    ]
    assert all(after["sequence"] == before["sequence"] + 1 for before, after in pairwise(windows))
    assert {window["stream"] for window in windows} == {"mic"}
    assert windows[-1]["lost_samples"] == 0
    assert all(window["latency_ms"] >= 0 for window in windows)
    ended = running.stop()
    assert ended.status == 0
    assert "nothing lost" in ended.error


def test_each_channel_of_a_device_has_its_verdict(microphone, daemon, listen, start, demo_samples, tmp_path):
    """--channels split on a device: one voice on the left, one on the right, a verdict for each."""
    path = tmp_path / "call.wav"
    legs = np.stack([demo_samples[: 5 * 16_000], demo_samples[6 * 16_000 : 11 * 16_000]], axis=1)
    soundfile.write(path, np.tile(legs, (4, 1)), 16_000)
    running = daemon("mic", "--channels", "split", env=microphone)
    running.await_line("listening to")
    calls = listen(running, "call/")
    start("paplay", "--device=vmic", path, env=microphone)
    verdicts = {}
    for call in calls:
        if call["label"] != "unknown":
            verdicts[call["stream"]] = call["label"]
        if len(verdicts) == 2:
            break
    assert verdicts == {"mic.left": "female", "mic.right": "male"}
    assert running.stop().status == 0


def test_devices_lists_the_microphone(microphone, command):
    """`devices` lists it, with its channels and rate, and marks it as the default."""
    listed = command("devices", env=microphone)
    assert listed.status == 0
    assert re.search(r"^\* +\d+  default  \(ALSA, \d+ channels, \d+ Hz\)$", listed.out, re.MULTILINE)


def test_a_microphone_can_be_chosen_by_name_or_number(microphone, command, daemon, listen):
    """mic:NAME and mic:NUMBER capture that device; the stream is named after it."""
    number = re.search(r"(\d+)  pulse ", command("devices", env=microphone).out)[1]
    running = daemon("mic:PULSE", f"mic:{number}", env=microphone)
    windows = iter(listen(running, "window/"))
    streams = {window["stream"] for window in islice(windows, 4)}
    assert streams == {"PULSE", number}
    assert running.stop().status == 0


def test_an_unknown_device_is_named_with_those_there_are(microphone, command):
    """One line names the device that does not exist, and those that do; exit status 2."""
    refused = command("run", "mic:gramophone", env=microphone)
    assert (refused.status, refused.out) == (2, "")
    assert re.fullmatch(r"genderstream: .*'gramophone'.*'pulse'.*'default'.*\n", refused.error)
