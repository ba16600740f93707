"""A live stream on a machine that cannot keep up: what it skips, how it says so, and that it recovers by itself."""

from itertools import groupby, pairwise

import pytest
import soundfile

from models import VOICE, read_spec

RATE = 16_000
MOST = 7  # skipped in a row; the default


@pytest.mark.slow
def test_a_microphone_under_overload(microphone, daemon, listen, start, demo_samples, make_model, tmp_path):
    """While the model takes longer than a hop, windows are skipped in the open; in silence all is as before again."""
    soundfile.write(tmp_path / "long.wav", demo_samples[: 9 * RATE], RATE)
    soundfile.write(tmp_path / "short.wav", demo_samples[: 3 * RATE], RATE)
    toilsome = make_model(read_spec(VOICE).features, toil=0.3, gate="vad")  # three hops
    running = daemon("mic", "--hop", "0.1", "--model", toilsome, env=microphone)
    running.await_line("listening to")
    messages = iter(listen(running))
    start("paplay", "--device=vmic", tmp_path / "long.wav", env=microphone)
    running.await_line("overload: 1 of 1 streams skip windows")
    seen = []
    while not any(health["streams"]["mic"]["stride"] > 1 for health in healths(seen)):
        seen.append(next(messages))
    while healths(seen)[-1]["streams"]["mic"]["stride"] > 1:
        seen.append(next(messages))
    start("paplay", "--device=vmic", tmp_path / "short.wav", env=microphone)
    spoken = len(seen)
    while not any(window["state"] == "speech" for window in windows(seen[spoken:])):
        seen.append(next(messages))
    assert windows(seen)[-1]["reason"] != "overload"
    ended = running.stop()
    seen += listen_on(messages)
    assert ended.status == 0
    assert "overload: 1 of 1 streams skip windows" in ended.error
    assert "overload is over" in ended.error
    assert all(after["sequence"] == before["sequence"] + 1 for before, after in pairwise(windows(seen)))
    assert all(after["start"] - before["start"] < 0.1001 for before, after in pairwise(windows(seen)))
    skipped = [window["reason"] == "overload" for window in windows(seen)]
    assert max(len(list(run)) for skip, run in groupby(skipped) if skip) <= MOST
    for window in windows(seen):
        if window["reason"] == "overload":
            assert (window["state"], window["label"], window["probability"]) == ("speech", "unknown", None)
            assert window["speech_probability"] is None
            assert window["vad_ratio"] >= 0.5
    health = healths(seen)[-1]["streams"]["mic"]
    assert health["skipped"] == sum(skipped) > 0
    assert health["lost"]["lapped"] == 0
    assert max(each["late_ms"] for each in healths(seen)) > 0.0


def healths(messages):
    return [message for message in messages if "daemon" in message and "mic" in message["streams"]]


def windows(messages):
    return [message for message in messages if message["schema"] == "genderstream.window/1"]


def listen_on(messages):
    """The rest, up to the health message in which the stream has ended."""
    rest = []
    for message in messages:
        rest.append(message)
        if "daemon" in message and message["streams"]["mic"]["state"] == "ended":
            return rest
    raise AssertionError
