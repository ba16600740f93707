"""Old mobiles: no fundamental, pumping, gated, noisy, as loud as before."""

import numpy as np
import pytest

pytest.importorskip("soxr")
pytest.importorskip("scipy")

from training.audio import RATE, rms  # after the skips
from training.effects import mobile as m


def _tone(hz: float, amplitude: float = 0.3):
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE)).astype(np.float32)


def _db(ratio: float) -> float:
    return 20 * float(np.log10(ratio))


@pytest.mark.parametrize("effect", [m.in_handset, m.on_line, m.pump, m.gate])
@pytest.mark.parametrize("seed", range(6))
def test_what_comes_out_fits(effect, seed: int, voice) -> None:
    """As many finite samples as went in, within full scale and 10 dB of the level, the same for the same seed."""
    heard = effect(voice, np.random.default_rng(seed))
    assert heard.shape == voice.shape
    assert heard.dtype == np.float32
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1.0
    assert abs(_db(rms(heard) / rms(voice))) < 10
    assert np.array_equal(heard, effect(voice, np.random.default_rng(seed)))
    assert np.isfinite(effect(np.zeros(1000, np.float32), np.random.default_rng(seed))).all()


def test_the_fundamental_is_cut_off_and_its_harmonics_are_not() -> None:
    """Behind a steep cut at 300 Hz, 120 Hz is 40 dB down and 600 Hz is not; nor does 5 kHz pass."""
    gain = {hz: _db(rms(m.narrow(_tone(hz), 300, 3400)[4000:]) / rms(_tone(hz))) for hz in (120, 600, 2000, 5000)}
    assert gain[120] < -40
    assert gain[5000] < -20
    assert abs(gain[600]) < 1
    assert abs(gain[2000]) < 1


def test_agc_evens_out_levels() -> None:
    """A loud second and one 20 dB fainter come closer together, and a word's start stands out from its rest."""
    steps = np.concatenate([_tone(400, 0.5), _tone(400, 0.05)])
    for seed in range(5):
        heard = m.pump(steps, np.random.default_rng(seed))
        assert 0 <= _db(rms(heard[: RATE // 2]) / rms(heard[-RATE // 10 :])) < 17
    again = m.pump(np.concatenate([_tone(400, 0.05), _tone(400, 0.5)]), np.random.default_rng(0))
    assert rms(again[RATE : RATE + 160]) > 1.1 * rms(again[-1600:])


def test_the_gate_opens_for_words_and_shuts_behind_them() -> None:
    """Noise 50 dB below the words is replaced between them, and never within them."""
    hiss = 0.001 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    x = np.concatenate([hiss, _tone(300), hiss])
    for seed in range(8):
        heard = m.gate(x, np.random.default_rng(seed))
        assert np.allclose(heard[RATE + 160 : 2 * RATE], x[RATE + 160 : 2 * RATE], atol=1e-6)
        assert not np.array_equal(heard[: RATE - 320], x[: RATE - 320])
        assert rms(heard[: RATE - 320]) < 2 * rms(hiss)


def test_distortion_adds_harmonics_as_strong_as_said() -> None:
    """A sine of full peak gains the second and third harmonic at the amplitudes given."""
    spectrum = np.abs(np.fft.rfft(m.distort(_tone(500), 0.1, 0.05)))
    assert spectrum[1000] / spectrum[500] == pytest.approx(0.1, rel=0.05)
    assert spectrum[1500] / spectrum[500] == pytest.approx(0.05, rel=0.05)


def test_few_bits_at_a_faint_level_are_heard_as_noise(voice) -> None:
    """The fainter the voice when 8 bits are taken, the more noise; the level stays."""
    errors = [rms(m.coarsen(voice, dbfs) - voice) / rms(voice) for dbfs in (-20, -30, -40)]
    assert errors[0] < errors[1] < errors[2] < 0.5
    assert abs(_db(rms(m.coarsen(voice, -40)) / rms(voice))) < 1.5


@pytest.mark.parametrize("noise", [m.hum, m.line_noise])
def test_noises_have_a_level_of_one(noise) -> None:
    """RMS 1, so that they can be mixed at a ratio; a mobile's faintest 8 bits are finite, too."""
    for seed in range(5):
        assert rms(noise(RATE, np.random.default_rng(seed))) == pytest.approx(1.0, rel=1e-3)


def test_hum_is_made_of_the_mains_harmonics() -> None:
    """All of the hum lies within 3 % of multiples of 50 or 60 Hz."""
    for seed in range(5):
        power = np.abs(np.fft.rfft(m.hum(RATE, np.random.default_rng(seed)) * np.hanning(RATE))) ** 2
        bins = np.arange(power.size)
        near = [np.abs((bins + base / 2) % base - base / 2) <= 3 + 0.003 * bins for base in (50, 60)]
        assert max(power[mask].sum() for mask in near) > 0.99 * power.sum()
