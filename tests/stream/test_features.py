"""Laws of the log-mel kernel: equal to its float64 twin and to librosa, and to itself however it was fed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import LogMelSpec
from stream.features import LogMel
from stream.features.mel import mel_weights
from stream.features.twin import log_mel_twin
from stream.records import Samples

TOLERANCE_DB = 1e-3
"""float32 against float64, in bands that are not drowned …"""

DROWNED_DB = 80.0
"""… by one this much louder in the same frame, whose rounding is louder than they are."""


def assert_close(ours: np.ndarray, twin: np.ndarray) -> None:
    """Equal within TOLERANCE_DB, or both drowned."""
    drowned = twin.max(axis=1, keepdims=True) - DROWNED_DB
    np.testing.assert_allclose(np.maximum(ours, drowned), np.maximum(twin, drowned), atol=TOLERANCE_DB, rtol=0)


def kernel(spec: LogMelSpec, window: int) -> LogMel:
    return LogMel(spec, sample_rate=16000, window=window)


@pytest.mark.parametrize(
    "spec",
    [
        LogMelSpec(),
        LogMelSpec(fft=1024, bands=80, frame=640, hop=320),
        LogMelSpec(fft=256, frame=256, bands=40, f_min=60.0, f_max=7600.0),
        LogMelSpec(fft=2048, frame=1024, bands=128),
    ],
    ids=["shipped", "1024 points", "256 points", "2048 points"],
)
def test_equals_its_float64_twin(spec: LogMelSpec, woman: Samples) -> None:
    """The kernel equals plain NumPy in float64 within 0.001 dB, for powers of four and of two."""
    for samples in (woman[:32000], np.zeros(32000, np.int16), np.full(32000, 32767, np.int16)):
        assert_close(kernel(spec, 32000)(samples), log_mel_twin(samples, spec, sample_rate=16000))


@given(seed=st.integers(0, 2**32 - 1), amplitude=st.sampled_from([1, 30, 1000, 32767]))
def test_equals_its_twin_on_any_noise(seed: int, amplitude: int) -> None:
    """The same for noise at any level, from one bit to full scale."""
    samples = np.random.default_rng(seed).integers(-amplitude, amplitude, 8000, np.int16, endpoint=True)
    spec = LogMelSpec()
    assert_close(kernel(spec, 8000)(samples), log_mel_twin(samples, spec, sample_rate=16000))


def test_equals_librosa(woman: Samples) -> None:
    """The same settings give librosa's log-mel: the frame lies in the middle of its longer FFT."""
    librosa = pytest.importorskip("librosa")
    spec = LogMelSpec()
    margin = np.zeros((spec.fft - spec.frame) // 2)
    audio = np.concatenate([margin, woman[:32000] / 32768.0, margin])
    mel = librosa.feature.melspectrogram(
        y=audio, sr=16000, n_fft=spec.fft, win_length=spec.frame, hop_length=spec.hop, n_mels=spec.bands, center=False
    )
    theirs = librosa.power_to_db(mel, amin=spec.floor, top_db=None).T
    np.testing.assert_allclose(kernel(spec, 32000)(woman[:32000]), theirs, atol=TOLERANCE_DB, rtol=0)


def test_mel_weights_equal_librosa() -> None:
    """The filter bank is librosa's (Slaney's), for other ranges and sizes, too."""
    librosa = pytest.importorskip("librosa")
    for fft, bands, f_min, f_max in ((512, 64, 0.0, 8000.0), (1024, 80, 60.0, 7600.0), (256, 20, 300.0, 3400.0)):
        ours = mel_weights(sample_rate=16000, fft=fft, bands=bands, f_min=f_min, f_max=f_max)
        theirs = librosa.filters.mel(sr=16000, n_fft=fft, n_mels=bands, fmin=f_min, fmax=f_max, dtype=np.float64)
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@given(hops=st.lists(st.integers(1, 450), min_size=1, max_size=12))
def test_incremental_equals_from_scratch(demo_samples: Samples, hops: list[int]) -> None:
    """Computing only new frames gives, bit for bit, what computing the window afresh gives, for any hops."""
    spec, window = LogMelSpec(), 32000
    stream, start, fresh = kernel(spec, window), 0, None
    for hop in hops:
        samples = demo_samples[start : start + window]
        if samples.size < window:
            return
        np.testing.assert_array_equal(stream(samples, fresh), kernel(spec, window)(samples))
        start, fresh = start + hop * 80, hop * 80  # half frames' hops, too: no frame is shared then


def test_refuses_what_is_no_window() -> None:
    """Another dtype or length is refused with what was expected."""
    with pytest.raises(ValueError, match=r"expected int16\[32000\]"):
        kernel(LogMelSpec(), 32000)(np.zeros(32000, np.float32))
    with pytest.raises(ValueError, match=r"int16\[31999\]"):
        kernel(LogMelSpec(), 32000)(np.zeros(31999, np.int16))
