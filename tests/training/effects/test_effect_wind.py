"""Wind, hands and breath: low, in gusts, as loud as asked, never beyond full scale."""

import numpy as np
import pytest

pytest.importorskip("soxr")
pytest.importorskip("scipy")

from training.audio import RATE, rms  # after the skips
from training.effects import wind as w


def _below(x, hz: float) -> float:
    power = np.abs(np.fft.rfft(x)) ** 2
    return float(power[: int(hz * x.size / RATE)].sum() / power.sum())


@pytest.mark.parametrize("effect", [w.in_wind, w.handled, w.popped])
@pytest.mark.parametrize("seed", range(6))
def test_what_comes_out_fits(effect, seed: int, voice) -> None:
    """As many samples as went in, finite, within full scale, not silent, and the same for the same seed."""
    heard = effect(voice, np.random.default_rng(seed))
    assert heard.shape == voice.shape
    assert heard.dtype == np.float32
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1.0
    assert rms(heard) > 0.2 * rms(voice)
    assert np.array_equal(heard, effect(voice, np.random.default_rng(seed)))
    assert not np.array_equal(heard, effect(voice, np.random.default_rng(seed + 1)))


@pytest.mark.parametrize("effect", [w.in_wind, w.handled, w.popped])
def test_silence_is_no_trouble(effect) -> None:
    """Digital silence gives finite, faint samples."""
    heard = effect(np.zeros(RATE, np.float32), np.random.default_rng(0))
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() < 1e-3


def test_wind_is_low_and_gusty() -> None:
    """Most of the wind lies below 300 Hz, at a level of 1 that varies from quarter second to quarter second."""
    for seed in range(12):
        noise = w.wind(3 * RATE, np.random.default_rng(seed))
        assert rms(noise) == pytest.approx(1.0, rel=1e-3)
        assert _below(noise, 300) > 0.6
        gusts = [rms(part) for part in np.split(noise, 12)]
        assert max(gusts) > 1.3 * min(gusts)


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 15.0])
def test_wind_is_as_strong_as_said(snr_db: float, voice, monkeypatch) -> None:
    """Before the overload the wind lies the stated number of dB below the voice."""
    monkeypatch.setattr(w, "overload", lambda x, ceiling: x)
    added = w.in_wind(voice, np.random.default_rng(1), snr_db) - voice
    assert 20 * np.log10(rms(voice) / rms(added)) == pytest.approx(snr_db, abs=0.05)


def test_overload_flattens_peaks_only() -> None:
    """What lies below the knee passes; nothing exceeds the ceiling."""
    ramp = np.linspace(-0.9, 0.9, 1001).astype(np.float32)
    heard = w.overload(ramp, 0.5)
    quiet = np.abs(ramp) < 0.36
    assert np.array_equal(heard[quiet], ramp[quiet])
    assert np.abs(heard).max() <= 0.45 + 1e-6
    assert np.all(np.diff(heard) >= 0)
    assert np.abs(w.overload(3 * ramp, 1.0)).max() == pytest.approx(1.0)


def test_breath_pops_where_syllables_begin(voice) -> None:
    """Pops add low sound at onsets, and leave a voice without onsets alone."""
    heard = w.popped(voice, np.random.default_rng(0))
    assert _below(heard, 100) > 2 * _below(voice, 100)
    hum = np.full(RATE, 0.1, np.float32)
    assert np.allclose(w.popped(hum, np.random.default_rng(0)), hum, atol=0.07)
