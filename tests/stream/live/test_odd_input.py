"""Odd but valid recordings work."""

import itertools

import numpy as np
import pytest
import soundfile
import soxr

RATE = 16_000


def write(path, samples, rate=RATE, subtype=None, channels=1):
    soundfile.write(path, np.repeat(samples[:, np.newaxis], channels, 1), rate, subtype)
    return path


@pytest.fixture(scope="module")
def voice(demo_samples):
    """The woman: float64[n] at 16 kHz, 4 s."""
    return demo_samples[: 4 * RATE] / 32768


def by_file(messages):
    return {file: list(group) for file, group in itertools.groupby(messages, lambda message: message["file"])}


def test_any_encoding_gives_the_same_labels(voice, tmp_path, command):
    """8 bit to double, WAV, FLAC, Ogg, MP3 and what else soundfile writes: the woman is heard in each."""
    kinds = [("wav", each) for each in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM")]
    kinds += [("flac", "PCM_24"), ("ogg", "VORBIS"), ("aiff", "PCM_16"), ("au", "PCM_16")]
    kinds += [("mp3", "MPEG_LAYER_III")] if "MP3" in soundfile.available_formats() else []
    kinds += [("opus", "OPUS")] if "OPUS" in soundfile.available_subtypes("OGG") else []
    files = []
    for suffix, subtype in kinds:
        path = tmp_path / f"{subtype}.{suffix}"
        soundfile.write(path, voice, RATE, subtype, format="OGG" if suffix == "opus" else None)
        files.append(path)
    ended = command("score", *files)
    assert ended.status == 0, ended.error
    labels = {file: [each["label"] for each in messages] for file, messages in by_file(ended.windows).items()}
    assert labels == {str(path): ["female"] * 5 for path in files}


def test_any_rate_is_resampled(voice, tmp_path, command):
    """8 to 192 kHz: as many windows as at 16 kHz, at the same seconds, and the woman in them."""
    rates = (8000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000)
    files = {rate: write(tmp_path / f"{rate}.wav", soxr.resample(voice, RATE, rate), rate, "FLOAT") for rate in rates}
    heard = by_file(command("score", *files.values()).windows)
    for rate, path in files.items():
        assert [message["start"] for message in heard[str(path)]] == [0.0, 0.5, 1.0, 1.5, 2.0], rate
        assert {message["state"] for message in heard[str(path)]} == {"speech"}
        if rate >= RATE:
            assert {message["label"] for message in heard[str(path)]} == {"female"}, rate


@pytest.mark.parametrize(
    ("choice", "streams"), [("mix", {"call"}), ("split", {"call.left", "call.right"}), ("0", {"call"}), ("1", {"call"})]
)
def test_stereo_is_mixed_split_or_chosen(choice, streams, demo_samples, tmp_path, command):
    """mix and N give one stream, split two; split or chosen, each channel's own voice is heard."""
    woman, man = demo_samples[: 4 * RATE], demo_samples[6 * RATE : 10 * RATE]
    path = tmp_path / "call.wav"
    soundfile.write(path, np.stack([woman, man], axis=1), RATE)
    ended = command("score", path, "--channels", choice)
    assert {message["stream"] for message in ended.messages} == streams
    assert ("mixed to one" in ended.error) == (choice == "mix")
    label = {"call.left": "female", "call.right": "male"} | {"call": {"0": "female", "1": "male"}.get(choice)}
    if choice != "mix":
        assert all(message["label"] == label[message["stream"]] for message in ended.windows)


def test_each_leg_of_a_call_has_its_verdict(demo_samples, tmp_path, command):
    """`score --channels split`: a final verdict for each leg, and its turns and a timeline for people."""
    woman, man = demo_samples[: 4 * RATE], demo_samples[6 * RATE : 10 * RATE]
    pause = np.zeros_like(woman)
    path = tmp_path / "call.wav"
    soundfile.write(path, np.stack([[*woman, *pause, *woman], [*pause, *man, *pause]], axis=1).astype(np.int16), RATE)
    ended = command("score", path, "--channels", "split")
    calls = {each["stream"]: each for each in ended.messages if each["schema"] == "genderstream.call/1"}
    assert {stream: (call["label"], call["final"]) for stream, call in calls.items()} == {
        "call.left": ("female", True),
        "call.right": ("male", True),
    }
    left, verdict, *details, right, other_verdict, turn, timeline = ended.error.splitlines()
    assert left.startswith("call.left: 12.0 s heard")
    assert right.startswith("call.right: 12.0 s heard")
    assert verdict.startswith("  verdict female (9")
    assert other_verdict.startswith("  verdict male (9")
    assert [line.split()[4] for line in (*details[:2], turn)] == ["female", "female", "male"]
    assert ("▀" in details[-1], "▄" in details[-1].partition("(")[0]) == (True, False)
    assert ("▀" in timeline.partition("(")[0], "▄" in timeline) == (False, True)


def test_hold_music_ringing_and_noise_have_no_verdict(tmp_path, command, demo_samples):
    """A tune, a ringing tone and line noise, alone: one final message, unknown."""
    rng, t = np.random.default_rng(3), np.arange(20 * RATE) / RATE
    sounds = {
        "tune": np.tile(demo_samples[13 * RATE : 17 * RATE], 5) / 32768,
        "ringing": 0.2 * np.sin(2 * np.pi * 425 * t) * (t % 5 < 1),
        "noise": 0.02 * rng.standard_normal(t.size),
    }
    ended = command("score", *[write(tmp_path / f"{name}.wav", sound) for name, sound in sounds.items()])
    calls = [message for message in ended.messages if message["schema"] != "genderstream.window/1"]
    assert [(call["stream"], call["label"], call["final"]) for call in calls] == [
        (name, "unknown", True) for name in sounds
    ]


def test_short_recordings_are_padded_and_marked_so(voice, tmp_path, command):
    """A recording shorter than a window gives one window, whose padding is counted."""
    sizes = (1, 319, 8000, 31_999, 32_000)
    files = {size: write(tmp_path / f"{size}.wav", voice[:size]) for size in sizes}
    heard = by_file(command("score", *files.values()).windows)
    for size, path in files.items():
        (message,) = heard[str(path)]
        assert (message["start"], message["end"], message["padded"]) == (0.0, 2.0, 32_000 - size)


def test_odd_names_become_streams(voice, tmp_path, command):
    """Any file name becomes a stream's; equal stems are told apart by -2, -3."""
    names = ["Grüß Gott, (1)  & co.wav", "-x.wav", "x" * 90 + ".wav", "日本.wav", "a.b.wav", "%s{0}[bold]$HOME.wav"]
    (tmp_path / "again").mkdir()
    files = [write(tmp_path / name, voice[:32_000]) for name in (*names, "a.b.flac", "again/a.b.wav")]
    ended = command("score", *files)
    assert ended.status == 0, ended.error
    streams = {message["file"]: message["stream"] for message in ended.messages}
    assert [streams[str(path)] for path in files] == [
        "Gr-Gott-1-co", "-x", "x" * 64, "-", "a.b", "-s-0-bold-HOME", "a.b-2", "a.b-3",
    ]  # fmt: skip
