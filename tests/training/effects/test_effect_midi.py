"""Pieces of music: seeded, in time, of General MIDI's instruments, rarely sung."""

from pathlib import Path
from shutil import which

import numpy as np
import pytest

pytest.importorskip("mido")
pytest.importorskip("soxr")

from models import UnusableError  # after the skips
from training.audio import RATE
from training.effects import midi


@pytest.fixture(params=midi.SOUND_FONTS)
def sound_font(request):
    path = midi.SOUND_FONTS[request.param]
    if not which("fluidsynth") or not path.is_file():
        pytest.skip(f"no fluidsynth, or no {path}: apt-get install fluidsynth and its sound fonts")
    return path


def _messages(seed: int, seconds: float = 8.0):
    return [m for m in midi.compose(np.random.default_rng(seed), seconds).tracks[0] if not m.is_meta]


def test_a_piece_is_rendered_as_asked(sound_font) -> None:
    """int16 of the asked length, neither silent nor clipped, the same for the same seed and other for another."""
    for seed in range(3):
        heard = midi.render(np.random.default_rng(seed), 3.0, sound_font)
        assert heard.dtype == np.int16
        assert heard.shape == (3 * RATE,)
        assert 3000 < np.abs(heard.astype(int)).max() < 32767
        assert np.array_equal(heard, midi.render(np.random.default_rng(seed), 3.0, sound_font))
    assert not np.array_equal(heard, midi.render(np.random.default_rng(9), 3.0, sound_font))


def test_each_split_has_a_sound_font_of_its_own() -> None:
    """What is tested on was not trained on."""
    assert len(set(midi.SOUND_FONTS.values())) == len(midi.SOUND_FONTS) == 3


def test_every_note_ends_and_the_piece_is_long_enough() -> None:
    """Notes are switched off as often as on, within MIDI's ranges, and last beyond the seconds asked for."""
    for seed in range(60):
        piece = midi.compose(np.random.default_rng(seed), 8.0)
        kinds = [m.type for m in piece.tracks[0]]
        assert kinds.count("note_on") == kinds.count("note_off") > 0
        assert all(m.time >= 0 for m in piece.tracks[0])
        assert piece.length > 5.0


def test_voices_are_rare_and_what_is_near_to_them_is_not() -> None:
    """Choirs and voice patches in at most 5 % of the pieces; reeds, strings or leads in at least a third."""
    programs = [{m.program for m in _messages(seed, 2.0) if m.type == "program_change"} for seed in range(400)]
    sung = np.mean([bool(used & set(midi.VOICES)) for used in programs])
    near = set(range(40, 52)) | set(range(64, 72)) | set(range(80, 88)) | {110}
    assert 0 < sung < 0.05
    assert np.mean([bool(used & near) for used in programs]) > 1 / 3


def test_what_is_missing_is_said(monkeypatch) -> None:
    """Without the sound font or the program: UnusableError with the package to install."""
    monkeypatch.setattr(midi, "which", lambda program: "/bin/true")
    with pytest.raises(UnusableError, match=r"no sound font /nowhere\.sf2: apt-get install timgm6mb-soundfont"):
        midi.render(np.random.default_rng(0), 1.0, Path("/nowhere.sf2"))
    monkeypatch.setattr(midi, "which", lambda program: None)
    with pytest.raises(UnusableError, match="apt-get install fluidsynth"):
        midi.render(np.random.default_rng(0), 1.0, Path("/nowhere.sf2"))
