"""`score --plot`: a picture where matplotlib is there, one line where it is not."""

import importlib.util
import sys

import numpy as np
import pytest
import soundfile

from stream.cli import main

RATE = 16_000


@pytest.fixture
def call(tmp_path, demo_samples):
    """A stereo recording: a woman on the left, a man on the right."""
    path = tmp_path / "call.wav"
    soundfile.write(path, np.stack([demo_samples[: 4 * RATE], demo_samples[6 * RATE : 10 * RATE]], axis=1), RATE)
    return path


@pytest.fixture
def matplotlib(lacking):
    """It is an extra."""
    if not importlib.util.find_spec("matplotlib"):
        lacking("matplotlib is not installed (pip install 'genderstream[plot]')")


def score(*arguments):
    try:
        main(["score", *map(str, arguments)])
    except SystemExit as ended:
        return ended.code
    return 0


def test_draws_both_legs(matplotlib, call, tmp_path):
    """The picture is a PNG, twice as high for two legs, and the records are those without it."""
    heights = []
    for channels in ("split", "mix"):
        path = tmp_path / f"{channels}.png"
        assert score(call, "--channels", channels, "--plot", path, "--out", tmp_path / "out.jsonl") == 0
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG")
        heights.append(int.from_bytes(content[20:24], "big"))
    assert heights[0] == 2 * heights[1]


def test_without_matplotlib_it_says_what_to_install(call, tmp_path, monkeypatch, capfd):
    """One line names the extra, before anything is decided on; status 2, no picture."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "stream.outputs.plot", raising=False)
    assert score(call, "--plot", tmp_path / "call.png") == 2
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "genderstream: --plot needs matplotlib: pip install 'genderstream[plot]'\n")
    assert not (tmp_path / "call.png").exists()


def test_a_picture_that_cannot_be_written_is_one_line(matplotlib, call, tmp_path, capfd):
    """Where the folder is missing, one line says so; status 2."""
    assert score(call, "--plot", tmp_path / "nowhere" / "call.png", "--out", tmp_path / "out.jsonl") == 2
    assert "nowhere/call.png" in capfd.readouterr().err
