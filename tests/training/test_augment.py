"""What rooms, noise, levels and lines do, each by itself."""

import numpy as np
import pytest

pytest.importorskip("soxr")
pytest.importorskip("scipy")

from training import augment as a  # after the skips
from training.audio import RATE, rms, to_float, to_int16
from training.synthetic import synthesise
from training.telephone import a_law, mu_law, over_telephone

VOICE = (0.2 * np.sin(2 * np.pi * 220 * np.arange(2 * RATE) / RATE)).astype(np.float32)
NOISE = np.random.default_rng(5).standard_normal(2 * RATE).astype(np.float32) * np.float32(0.05)


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 25.0])
def test_noise_is_as_loud_as_said(snr_db: float) -> None:
    """What `mix` adds lies the stated number of dB below the voice."""
    added = a.mix(VOICE, NOISE, snr_db) - VOICE
    assert 20 * np.log10(rms(VOICE) / rms(added)) == pytest.approx(snr_db, abs=0.01)


@pytest.mark.parametrize("law", [mu_law, a_law])
def test_a_companding_law_survives_its_round_trip(law) -> None:  # type: ignore[no-untyped-def]
    """8 bits of G.711 keep every sample within a few percent of itself, and its sign."""
    samples = np.concatenate([-np.geomspace(1, 1e-3, 500), np.geomspace(1e-3, 1, 500)]).astype(np.float32)
    again = law(samples)
    assert np.all(np.sign(again) == np.sign(samples))
    assert np.abs(again / samples - 1)[np.abs(samples) > 0.02].max() < 0.04
    assert np.abs(again - samples).max() < 0.03
    assert law(again) == pytest.approx(again, abs=1e-6)  # coded once, coded for ever


def test_a_telephone_keeps_its_band_only() -> None:
    """1 kHz passes the line, 100 Hz and 6 kHz do not."""
    t = np.arange(2 * RATE) / RATE
    gain = {}
    for hz in (100, 1000, 6000):
        tone = (0.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32)
        gain[hz] = rms(over_telephone(tone, "mu")) / rms(tone)
    assert gain[1000] == pytest.approx(1.0, abs=0.05)
    assert gain[100] < 0.1
    assert gain[6000] < 0.01


def test_synthetic_sounds_are_seeded_and_heard() -> None:
    """Every maker gives int16 of the asked length, neither silent nor clipped, the same for the same seed."""
    for kind in ("music", "noise"):
        for seed in range(15):
            sound = synthesise(kind, np.random.default_rng(seed), seconds=2.0)
            assert (sound.shape, sound.dtype) == ((2 * RATE,), np.int16)
            assert 3000 < np.abs(sound.astype(int)).max() < 32767
            assert np.array_equal(sound, synthesise(kind, np.random.default_rng(seed), seconds=2.0))


def test_a_voice_is_remade_with_another_pitch_and_its_own_level() -> None:
    """WORLD's copies differ from the voice and from each other, at its level."""
    remade = pytest.importorskip("training.remade", exc_type=ImportError)
    t = np.arange(2 * RATE) / RATE
    pulses = np.sum([np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 30)], axis=0) * 0.1
    voice = to_int16(pulses)
    copies = remade.remake(voice, np.random.default_rng(3), copies=2, pitch=(0.8, 1.5))
    assert len(copies) == 2
    assert not np.array_equal(*copies)
    for copy in copies:
        assert rms(to_float(copy)) == pytest.approx(rms(to_float(voice)), rel=0.2)


def test_a_remade_throat_moves_the_formants_and_leaves_the_pitch() -> None:
    """A shorter throat moves the spectrum's centre up by its factor; the harmonics stay where they were."""
    remade = pytest.importorskip("training.remade", exc_type=ImportError)
    t = np.arange(2 * RATE) / RATE
    harmonics = np.arange(1, 60) * 120.0
    formant = np.exp(-0.5 * ((harmonics - 1500.0) / 300.0) ** 2) + 1e-3
    voice = to_int16(
        0.05 * np.sum([g * np.sin(2 * np.pi * hz * t) for g, hz in zip(formant, harmonics, strict=True)], axis=0)
    )
    same, shorter = (
        remade.remake(voice, np.random.default_rng(4), copies=1, pitch=(1.0, 1.0), throat=(factor, factor))[0]
        for factor in (1.0, 1.3)
    )
    spectra = [np.abs(np.fft.rfft(to_float(each)[: 2 * RATE - 400])) ** 2 for each in (same, shorter)]
    hz = [np.fft.rfftfreq(2 * RATE - 400, 1 / RATE)] * 2
    centres = [np.sum(s * f) / np.sum(s) for s, f in zip(spectra, hz, strict=True)]
    assert centres[1] / centres[0] == pytest.approx(1.3, rel=0.08)
    for spectrum, f in zip(spectra, hz, strict=True):
        loudest = f[np.argmax(spectrum)]
        assert loudest % 120.0 == pytest.approx(0.0, abs=8.0) or loudest % 120.0 == pytest.approx(120.0, abs=8.0)


def test_clarity_is_the_first_50_ms_against_the_rest() -> None:
    """Equal energy before and after 50 ms is 0 dB; a bare direct sound is clear, an echo ten times as loud is not."""
    response = np.zeros(RATE, np.float32)
    response[0] = response[RATE // 20] = 1.0
    assert a.clarity_db(response) == pytest.approx(0.0, abs=1e-6)
    response[RATE // 20] = np.sqrt(10.0)
    assert a.clarity_db(response) == pytest.approx(-10.0, abs=1e-4)
    response[RATE // 20] = 0.0
    assert a.clarity_db(response) > 60.0
