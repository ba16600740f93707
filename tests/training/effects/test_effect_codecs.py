"""Real codecs: aligned, as long and about as loud as what went in, and said to be missing where they are."""

import numpy as np
import pytest

pytest.importorskip("soxr")
pytest.importorskip("scipy")

from models import UnusableError  # after the skips
from training.audio import RATE, rms
from training.effects import codecs
from training.effects.codecs import CODECS, delay, missing, through

NARROW = [name for name, codec in CODECS.items() if codec.rate == 8000]


@pytest.fixture(params=CODECS)
def codec(request):
    if reason := missing(request.param):
        pytest.skip(reason)
    return request.param


def test_what_comes_out_is_aligned_and_alike(codec, voice) -> None:
    """Every clip is as long as before, within 2 ms of its place, within 6 dB of its level, and the same each time."""
    clips = [voice, voice[3001:20000], 0.3 * voice[:12345]]
    heard = through(codec, clips)
    assert all(map(np.array_equal, heard, through(codec, clips)))
    for clip, coded in zip(clips, heard, strict=True):
        assert coded.dtype == np.float32
        assert coded.shape == clip.shape
        assert np.isfinite(coded).all()
        assert np.abs(coded).max() <= 1.0
        assert abs(delay(clip, np.pad(coded, (0, RATE)))) <= RATE // 500
        assert abs(20 * np.log10(rms(coded) / rms(clip))) < 6.0


def test_a_narrow_codec_lets_nothing_through_above_4_khz(codec, voice) -> None:
    """Codecs of 8 kHz carry nothing above 4 kHz; those of 16 kHz do."""
    noisy = voice + np.random.default_rng(0).standard_normal(voice.size).astype(np.float32) * np.float32(0.05)
    power = np.abs(np.fft.rfft(through(codec, [noisy])[0])) ** 2
    above = power[power.size // 2 + 100 :].sum() / power.sum()
    assert above < 1e-4 if codec in NARROW else above > 1e-4


def test_silence_between_clips_stays_between_them(codec, voice) -> None:
    """A loud neighbour is not heard in a silent clip."""
    _, quiet, _ = through(codec, [voice, np.zeros(8000, np.float32), voice])
    assert rms(quiet) < 0.01 * rms(voice)


def test_delay_finds_a_shift(voice) -> None:
    """A signal shifted by n samples is found n samples later."""
    for shift in (0, 17, 1105, 3000):
        assert delay(voice, np.pad(voice, (shift, 4000))) == shift


def test_a_codec_that_is_not_there_is_named(monkeypatch, voice) -> None:
    """Without its program, its encoder or its name a codec raises UnusableError that says what to do."""
    monkeypatch.setattr(codecs, "missing", missing.__wrapped__)
    with pytest.raises(UnusableError, match="no codec 'wax'; there are g711-mu"):
        through("wax", [voice])
    monkeypatch.setattr(codecs, "which", lambda program: "/bin/true")
    monkeypatch.setattr(codecs, "_encoders", frozenset)
    with pytest.raises(UnusableError, match="has no libgsm: apt-get install ffmpeg"):
        through("gsm", [voice])
    monkeypatch.setattr(codecs, "which", lambda program: None)
    with pytest.raises(UnusableError, match="no sox here: apt-get install sox libsox-fmt-all"):
        through("amr-4.75", [voice])
    assert codecs.usable() == []
