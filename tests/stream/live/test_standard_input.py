"""Raw PCM on standard input: any format, in any pieces, as fast as it comes; nothing is lost."""

import os
import re
import shutil
import subprocess
import sys

import msgspec
import numpy as np
import pytest
import soundfile

SECONDS = 9  # of the demo: the woman, and the man
SUBTYPES = {"u8": "PCM_U8", "s16le": "PCM_16", "s24le": "PCM_24", "s32le": "PCM_32", "f32le": "FLOAT"}


PIPED = (
    # format, Hz, channels, bytes a write
    ("s16le", 16_000, 1, 1),
    ("u8", 16_000, 1, 100_000),
    ("s24le", 16_000, 1, 4096),
    ("s32le", 16_000, 1, 65_537),
    ("f32le", 16_000, 1, 3333),
    ("s24le", 48_000, 2, 7),
)


def windows_of(messages):
    return [message for message in messages if message["schema"] == "genderstream.window/1"]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, demo_samples):
    """A folder in which each of PIPED has its .raw and, with the same samples, its .wav."""
    folder = tmp_path_factory.mktemp("pcm")
    for form, rate, channels, _ in PIPED:
        samples = np.repeat(demo_samples[: SECONDS * 16_000] / 32768, rate // 16_000)
        frames = samples[:, np.newaxis] * np.linspace(1, 0.5, channels)
        frames += np.random.default_rng(1).uniform(-2e-5, 2e-5, frames.shape)  # low bits
        path = folder / f"{form}-{rate}"
        soundfile.write(path.with_suffix(".wav"), frames, rate, SUBTYPES[form])
        soundfile.write(path.with_suffix(".raw"), frames, rate, SUBTYPES[form], format="RAW", endian="LITTLE")
    return folder


@pytest.fixture(scope="module")
def scored(recorded, demo, genderstream, essence):
    """The messages that `score` gives for each of these recordings and for the demo, by stream."""
    output = subprocess.run(
        [genderstream, "score", demo, *recorded.glob("*.wav")], capture_output=True, check=True
    ).stdout
    messages = essence([msgspec.json.decode(line) for line in output.splitlines()])
    return {
        stream: [each for each in messages if each["stream"] == stream] for stream in {m["stream"] for m in messages}
    }


@pytest.mark.parametrize(("form", "rate", "channels", "size"), PIPED)
def test_equals_score_on_the_same_samples(form, rate, channels, size, recorded, scored, daemon, listen, essence):
    """Raw PCM, whatever its format and the pieces it comes in, gives the messages that a file of it gives."""
    name = f"{form}-{rate}"
    options = ("--format", form, "--rate", rate, "--pcm-channels", channels, "--stream", name)
    running = daemon("-", *options, stdin=subprocess.PIPE, bufsize=0)
    messages = listen(running)
    content = (recorded / f"{name}.raw").read_bytes()
    few = min(1000 * size, len(content))
    for at in range(0, few, size):
        running.process.stdin.write(content[at : min(at + size, few)])
    running.process.stdin.write(content[few:])
    running.process.stdin.close()
    heard = messages.until_end()
    assert len(windows_of(scored[name])) == 2 * SECONDS - 3
    assert essence(heard) == scored[name]
    health = heard[-1]["streams"][name]
    assert (health["captured"], health["processed"]) == (SECONDS * rate, SECONDS * rate)
    assert not any(health["lost"].values())
    assert running.process.wait() == 0


@pytest.fixture
def pour(daemon, listen, start):
    """pour(*program): what a daemon publishes about the program's output, which it pours out once we listen."""

    def pour(*program):
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as pipe:
            running = daemon("-", "--stream", "demo", stdin=pipe)
        messages = listen(running)
        with os.fdopen(writing, "wb") as pipe:
            pouring = start(*program, stdout=pipe, stderr=subprocess.DEVNULL)
        heard = messages.until_end()
        assert (pouring.process.wait(), running.process.wait()) == (0, 0)
        return heard

    return pour


def test_ffmpeg_pours_into_it(pour, scored, essence, demo, lacking):
    """ffmpeg … | genderstream run - gives the messages of `score`, however fast ffmpeg is."""
    if not shutil.which("ffmpeg"):
        lacking("ffmpeg is not installed (apt-get install ffmpeg)")
    heard = pour("ffmpeg", "-nostdin", "-i", demo, "-f", "s16le", "-ar", "16000", "-ac", "1", "-")
    assert len(windows_of(scored["demo"])) == 57
    assert essence(heard) == scored["demo"]


def test_two_legs_in_one_pipe(daemon, listen, demo_samples):
    """--channels split parts interleaved PCM: a verdict for each leg."""
    running = daemon("-", "--pcm-channels", "2", "--channels", "split", stdin=subprocess.PIPE, bufsize=0)
    messages = listen(running, "")
    legs = np.stack([demo_samples[: 4 * 16_000], demo_samples[6 * 16_000 : 10 * 16_000]], axis=1)
    running.process.stdin.write(legs.tobytes())
    running.process.stdin.close()
    running.process.stdin = None
    finals = [each for each in messages.until_end(streams=2) if each.get("final")]
    assert {each["stream"]: each["label"] for each in finals} == {"stdin.left": "female", "stdin.right": "male"}
    assert running.finish().status == 0


def test_ten_minutes_at_once(pour):
    """Ten minutes in one breath, sixty times what the ring holds, arrive whole."""
    seconds = 600
    heard = pour(sys.executable, "-c", f"import sys; sys.stdout.buffer.write(bytes({seconds * 32_000}))")
    health = heard.pop()["streams"]["demo"]
    assert health["processed"] == seconds * 16_000
    assert [window["sequence"] for window in windows_of(heard)] == list(range(2 * seconds - 3))


def refused(daemon, content, *options):
    """How a daemon ends that gets `content` on standard input: its error, which is one line."""
    running = daemon("-", *options, stdin=subprocess.PIPE, bufsize=0)
    running.process.stdin.write(content)
    running.process.stdin.close()
    running.process.stdin = None
    ended = running.finish()
    assert ended.status == 2
    assert "Traceback" not in ended.error
    (line,) = [line for line in ended.error.splitlines() if line.startswith("genderstream: ")]
    return line


def test_a_file_on_standard_input_is_refused(daemon, recorded):
    """A WAV file where raw PCM was expected is refused, with what to do instead."""
    content = (recorded / "s16le-16000.wav").read_bytes()
    assert "b'RIFF': a file, not raw PCM; give" in refused(daemon, content)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_samples_that_are_no_numbers_are_refused(value, daemon):
    """NaN and infinite samples are refused, never decided on."""
    samples = np.zeros(40_000, "<f4")
    samples[-1] = value
    assert "NaN or infinite samples" in refused(daemon, samples.tobytes(), "--format", "f32le")


def test_a_truncated_frame_is_left_out_and_said(daemon, listen):
    """Bytes that fill no frame are left out, and one line says so."""
    running = daemon("-", "--format", "s24le", "--pcm-channels", "2", stdin=subprocess.PIPE, bufsize=0)
    messages = listen(running)
    running.process.stdin.write(bytes(6 * 32_000 + 4))
    running.process.stdin.close()
    running.process.stdin = None
    health = messages.until_end()[-1]["streams"]["stdin"]
    assert (health["processed"], health["windows"]) == (32_000, 1)
    ended = running.finish()
    assert ended.status == 0
    assert re.search("inside a frame: 4 .*of 6", ended.error)


def test_nothing_at_all_is_no_stream_but_no_crash(command):
    """An empty standard input ends at once, without a decision."""
    ended = command("run", "-", "--bind", "tcp://127.0.0.1:*", "--ask", "tcp://127.0.0.1:*")
    assert "Traceback" not in ended.error
