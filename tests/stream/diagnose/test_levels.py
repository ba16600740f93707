"""Laws of a level reading, on signals whose truth is known."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.diagnose.advice import HUM_DBFS, HUM_OVER_REST_DB
from stream.diagnose.levels import LevelReading, read_levels
from stream.records import Samples

RATE = 16_000
SIX_DB = 20 * math.log10(2)

seeds = st.integers(0, 2**32 - 1)
mains = st.sampled_from([50, 60])
rates = st.sampled_from([8000, 11_025, 16_000, 44_100, 48_000])


def noise(seed: int, size: int = RATE, *, rms: float = 1000.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, rms, size)


def sine(hertz: float, *, amplitude: float, rate: int = RATE, phase: float = 0.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(rate) / rate + phase)


def whole(signal: np.ndarray) -> Samples:
    return np.clip(np.rint(signal), -32768, 32767).astype(np.int16)


@given(seeds, mains)
def test_half_the_samples_is_six_decibels_less(seed, hertz):
    """Halving every sample lowers level, peak and hum by 6.02 dB and leaves all ratios as they were."""
    half = whole(noise(seed) + sine(hertz, amplitude=1000))
    loud, quiet = read_levels((2 * half).astype(np.int16), RATE), read_levels(half, RATE)
    for field in ("rms_dbfs", "peak_dbfs", "hum_dbfs"):
        assert getattr(loud, field) - getattr(quiet, field) == pytest.approx(SIX_DB, abs=1e-6)
    assert loud.hum_over_rest_db == pytest.approx(quiet.hum_over_rest_db, abs=1e-6)
    assert loud.dc_share == pytest.approx(2 * quiet.dc_share)


@given(seeds, mains, st.integers(-20_000, 20_000))
def test_an_offset_is_only_an_offset(seed, hertz, offset):
    """A constant added to every sample changes the DC offset by itself, and neither level nor hum."""
    samples = whole(noise(seed) + sine(hertz, amplitude=1000))
    plain, moved = read_levels(samples, RATE), read_levels((samples + offset).astype(np.int16), RATE)
    assert moved.dc_share - plain.dc_share == pytest.approx(offset / 32768)
    for field in ("rms_dbfs", "hum_dbfs", "hum_over_rest_db"):
        assert getattr(moved, field) == pytest.approx(getattr(plain, field), abs=1e-6)
    assert moved.mains_hz == plain.mains_hz


@given(seeds)
def test_polarity_does_not_matter(seed):
    """A signal turned upside down reads the same, but for the sign of its DC offset."""
    samples = whole(noise(seed) + 300)
    upright, turned = read_levels(samples, RATE), read_levels(-samples, RATE)
    assert turned.dc_share == pytest.approx(-upright.dc_share)
    assert dataclasses.replace(turned, dc_share=upright.dc_share).rms_dbfs == pytest.approx(upright.rms_dbfs)
    assert turned.hum_dbfs == pytest.approx(upright.hum_dbfs)


@given(st.floats(100, 1000), st.integers(100, 32_000))
def test_a_sine_reads_its_root_mean_square(hertz, amplitude):
    """A sine of amplitude A reads 20 log10(A / sqrt 2), its peak 20 log10 A."""
    reading = read_levels(whole(sine(round(hertz), amplitude=amplitude)), RATE)
    full = 20 * math.log10(amplitude / 32768)
    assert reading.rms_dbfs == pytest.approx(full - 10 * math.log10(2), abs=0.1)
    assert reading.peak_dbfs == pytest.approx(full, abs=0.2)


@given(rates, mains, st.floats(-0.2, 0.2), st.floats(0, 6.28), seeds)
def test_hum_is_measured(rate, hertz, deviation, phase, seed):
    """Mains hum with two harmonics, a little off its nominal frequency, reads its power and its frequency."""
    true = hertz + deviation
    signal = sum(sine(n * true, amplitude=a, rate=rate, phase=n * phase) for n, a in ((1, 2000), (2, 500), (3, 900)))
    reading = read_levels(whole(signal + noise(seed, rate, rms=300)), rate)
    power = (2000**2 + 500**2 + 900**2) / 2
    assert reading.mains_hz == hertz
    assert reading.hum_dbfs == pytest.approx(10 * math.log10(power / 32768**2), abs=0.5)
    assert reading.hum_over_rest_db == pytest.approx(10 * math.log10(power / 300**2), abs=3.0)


@given(rates, seeds)
def test_noise_is_not_hum(rate, seed):
    """White noise has no hum to speak of, however loud."""
    assert read_levels(whole(noise(seed, rate, rms=4000)), rate).hum_over_rest_db < -12


@given(st.floats(85, 150), st.floats(0.1, 0.25), st.floats(2, 5), st.floats(0, 6.28))
def test_a_low_voice_is_not_hum(pitch, depth, syllables, phase):
    """Harmonics of a man's voice whose pitch moves with its syllables cross the lines, and are not taken for hum."""
    seconds = np.arange(RATE) / RATE
    moved = depth / syllables * np.cos(2 * np.pi * syllables * seconds + phase)
    turned = 2 * np.pi * pitch * seconds - pitch * moved
    voice = sum(6000 / n * np.sin(n * turned) for n in range(1, 12))
    assert read_levels(whole(voice), RATE).hum_over_rest_db < HUM_OVER_REST_DB


def test_the_demos_voices_are_not_hum(demo_samples):
    """No second of the demo's speech is taken for hum."""
    seconds = [demo_samples[at : at + RATE] for at in range(0, demo_samples.size - RATE, RATE // 2)]
    readings = [read_levels(second, RATE) for second in seconds]
    assert [each for each in readings if each.hum_dbfs > HUM_DBFS and each.hum_over_rest_db > HUM_OVER_REST_DB] == []


@given(st.integers(0, RATE), st.booleans(), seeds)
def test_clipping_is_counted(count, up, seed):
    """Exactly the samples at full scale, above or below, count as clipped."""
    samples = whole(noise(seed))
    samples[np.random.default_rng(seed).permutation(RATE)[:count]] = 32767 if up else -32768
    assert read_levels(samples, RATE).clipped_share == pytest.approx(count / RATE)


@given(st.integers(-32768, 32767))
def test_one_value_throughout_is_told(value):
    """A dead input is told by its one value; its level and hum are the quietest there are."""
    reading = read_levels(np.full(RATE, value, np.int16), RATE)
    assert (reading.constant, reading.rms_dbfs, reading.hum_dbfs) == (value, -120.0, -120.0)


def test_a_living_input_has_no_one_value():
    """One sample that differs is enough to be alive."""
    samples = np.zeros(RATE, np.int16)
    samples[-1] = 1
    reading: LevelReading = read_levels(samples, RATE)
    assert reading.constant is None


@pytest.mark.parametrize(
    "samples", [np.zeros(RATE // 2 - 1, np.int16), np.zeros(RATE, np.float32), np.zeros((2, RATE), np.int16)]
)
def test_what_cannot_be_read_is_refused(samples):
    """Less than half a second, other types and several channels are refused, saying what was expected."""
    with pytest.raises(ValueError, match="expected int16"):
        read_levels(samples, RATE)
