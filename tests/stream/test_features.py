"""Laws of the features: equal to their float64 twins and to librosa, and to themselves however they were fed."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import FeatureSpec, LogMelSpec, MfccSpec, SpectrogramSpec, WaveSpec
from stream.features import FeatureExtractor, build_extractor
from stream.features.lanes import aligned_zeros
from stream.features.mel import mel_weights
from stream.features.mfcc import cosine_basis
from stream.features.twin import feature_twin
from stream.records import Samples

TOLERANCE_DB = 1e-3
"""float32 against float64, in values that are not drowned …"""

DROWNED_DB = {LogMelSpec: 80.0, SpectrogramSpec: 50.0}
"""… by one this much louder in the same frame, whose rounding is louder than they are: bins sooner than bands."""

KINDS = [LogMelSpec(), MfccSpec(coefficients=13), SpectrogramSpec(), WaveSpec()]

any_kind = pytest.mark.parametrize("spec", KINDS, ids=lambda spec: type(spec).__name__)


def extractor(spec: FeatureSpec, window: int = 32000) -> FeatureExtractor:
    return build_extractor(spec, sample_rate=16000, window=window)


def twin(samples: Samples, spec: FeatureSpec) -> np.ndarray:
    return feature_twin(samples, spec, sample_rate=16000)


def noise(seed: int, amplitude: int) -> Samples:
    """8000 samples of white noise."""
    return np.random.default_rng(seed).integers(-amplitude, amplitude, 8000, np.int16, endpoint=True)


def assert_close(ours: np.ndarray, theirs: np.ndarray, spec: FeatureSpec) -> None:
    """Equal within TOLERANCE_DB, or both drowned."""
    drowned = theirs.max(axis=1, keepdims=True) - DROWNED_DB[type(spec)]
    np.testing.assert_allclose(np.maximum(ours, drowned), np.maximum(theirs, drowned), atol=TOLERANCE_DB, rtol=0)


@any_kind
@given(window=st.integers(512, 40000))
def test_the_shape_is_the_specs(spec: FeatureSpec, window: int) -> None:
    """A window of any length gives float32 of the shape that the spec says."""
    features = extractor(spec, window)(np.zeros(window, np.int16))
    assert (features.dtype, features.shape) == (np.float32, spec.shape(window))


@pytest.mark.parametrize(
    "spec",
    [
        LogMelSpec(),
        LogMelSpec(fft=1024, bands=80, frame=640, hop=320),
        LogMelSpec(fft=256, frame=256, bands=40, f_min=60.0, f_max=7600.0),
        LogMelSpec(fft=2048, frame=1024, bands=128),
        SpectrogramSpec(),
        SpectrogramSpec(fft=1024, frame=640, hop=320),
        SpectrogramSpec(fft=256, frame=256, floor=1e-6),
        SpectrogramSpec(fft=8, frame=8, hop=8),
    ],
    ids=lambda spec: f"{type(spec).__name__}, {spec.fft} points",
)
def test_equals_its_float64_twin(spec: FeatureSpec, woman: Samples) -> None:
    """The kernels equal plain NumPy in float64 within 0.001 dB, for powers of four and of two."""
    for samples in (woman[:32000], np.zeros(32000, np.int16), np.full(32000, 32767, np.int16)):
        assert_close(extractor(spec)(samples), twin(samples, spec), spec)


@pytest.mark.parametrize("spec", [LogMelSpec(), SpectrogramSpec()], ids=["log-mel", "log-spectrogram"])
@given(seed=st.integers(0, 2**32 - 1), amplitude=st.sampled_from([1, 30, 1000, 32767]))
def test_equals_its_twin_on_any_noise(spec: FeatureSpec, seed: int, amplitude: int) -> None:
    """The same for noise at any level, from one bit to full scale."""
    samples = noise(seed, amplitude)
    assert_close(extractor(spec, 8000)(samples), twin(samples, spec), spec)


@given(bands=st.integers(1, 128), data=st.data(), amplitude=st.sampled_from([0, 1, 1000, 32767]))
def test_mfcc_is_the_cosine_transform_of_the_log_mel(bands: int, data: st.DataObject, amplitude: int) -> None:
    """Each row is the DCT of the log-mel kernel's, within 5e-6 of its length, for any number of coefficients."""
    coefficients, samples = data.draw(st.integers(1, bands)), noise(bands, amplitude)
    rows = extractor(LogMelSpec(bands=bands), 8000)(samples).astype(np.float64)
    cepstra = extractor(MfccSpec(bands=bands, coefficients=coefficients), 8000)(samples)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    assert np.all(np.abs(cepstra - rows @ cosine_basis(bands, coefficients)) <= 5e-6 * length)


def test_mfcc_equals_its_float64_twin(woman: Samples) -> None:
    """On a voice the coefficients equal plain NumPy's in float64 within 0.002."""
    for spec in (MfccSpec(), MfccSpec(bands=128, coefficients=128), MfccSpec(fft=1024, frame=640, coefficients=13)):
        np.testing.assert_allclose(extractor(spec)(woman[:32000]), twin(woman[:32000], spec), atol=2e-3, rtol=0)


@given(samples=st.lists(st.integers(-32768, 32767), min_size=1, max_size=64))
def test_a_wave_is_the_samples(samples: list[int]) -> None:
    """Every sample comes out as itself / 32768, exactly."""
    wave = extractor(WaveSpec(), len(samples))(np.array(samples, np.int16))
    assert wave[:, 0].tolist() == [sample / 32768 for sample in samples]


def framed_audio(samples: Samples, spec: LogMelSpec | MfccSpec | SpectrogramSpec) -> np.ndarray:
    """`samples` for librosa, which puts a frame in the middle of its longer FFT."""
    margin = np.zeros((spec.fft - spec.frame) // 2)
    return np.concatenate([margin, samples / 32768.0, margin])


def test_log_mel_and_mfcc_equal_librosa(woman: Samples) -> None:
    """The same settings give librosa's log-mel and MFCC."""
    librosa = pytest.importorskip("librosa")
    spec, samples = MfccSpec(), woman[:32000]
    mel = librosa.feature.melspectrogram(
        y=framed_audio(samples, spec), sr=16000, n_fft=spec.fft, win_length=spec.frame, hop_length=spec.hop,
        n_mels=spec.bands, center=False,
    )  # fmt: skip
    log_mel = librosa.power_to_db(mel, amin=spec.floor, top_db=None)
    np.testing.assert_allclose(extractor(LogMelSpec())(samples), log_mel.T, atol=TOLERANCE_DB, rtol=0)
    mfcc = librosa.feature.mfcc(S=log_mel, n_mfcc=spec.coefficients)
    np.testing.assert_allclose(extractor(spec)(samples), mfcc.T, atol=2e-3, rtol=0)


def test_the_spectrogram_equals_librosa(woman: Samples) -> None:
    """The same settings give the power of librosa's short-time Fourier transform."""
    librosa = pytest.importorskip("librosa")
    spec = SpectrogramSpec()
    audio = framed_audio(woman[:32000], spec)
    spectra = librosa.stft(audio, n_fft=spec.fft, win_length=spec.frame, hop_length=spec.hop, center=False)
    power = librosa.power_to_db(np.abs(spectra) ** 2, amin=spec.floor, top_db=None)
    assert_close(extractor(spec)(woman[:32000]), power.T, spec)


def test_mel_weights_equal_librosa() -> None:
    """The filter bank is librosa's (Slaney's), for other ranges and sizes, too."""
    librosa = pytest.importorskip("librosa")
    for fft, bands, f_min, f_max in ((512, 64, 0.0, 8000.0), (1024, 80, 60.0, 7600.0), (256, 20, 300.0, 3400.0)):
        ours = mel_weights(sample_rate=16000, fft=fft, bands=bands, f_min=f_min, f_max=f_max)
        theirs = librosa.filters.mel(sr=16000, n_fft=fft, n_mels=bands, fmin=f_min, fmax=f_max, dtype=np.float64)
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@any_kind
@given(hops=st.lists(st.integers(1, 450), min_size=1, max_size=12))
def test_incremental_equals_from_scratch(spec: FeatureSpec, demo_samples: Samples, hops: list[int]) -> None:
    """Computing only new frames gives, bit for bit, what computing the window afresh gives, for any hops."""
    window = 32000
    stream, start, fresh = extractor(spec), 0, None
    for hop in hops:
        samples = demo_samples[start : start + window]
        if samples.size < window:
            return
        np.testing.assert_array_equal(stream(samples, fresh), extractor(spec)(samples))
        start, fresh = start + hop * 80, hop * 80  # half frames' hops, too: no frame is shared then


@pytest.mark.parametrize("spec", KINDS[:3], ids=lambda spec: type(spec).__name__)
def test_known_frames_are_not_computed_again(spec: FeatureSpec) -> None:
    """After a hop, only the frames that end in fresh samples are computed: the others stand for what they were."""
    stream = extractor(spec)
    before = stream(noise(0, 1000).repeat(4)).copy()
    after = stream(np.zeros(32000, np.int16), 8000)
    np.testing.assert_array_equal(after[:148], before[50:])
    assert np.all(after[148:] == after[148])


@any_kind
@given(window=st.integers(512, 3000), hop=st.integers(1, 10), seed=st.integers(0, 2**32 - 1))
def test_short_windows(spec: FeatureSpec, window: int, hop: int, seed: int) -> None:
    """Windows of fewer frames than are computed together have the frames of long ones, streamed or not, bit for bit."""
    samples, rows = noise(seed, 1000), spec.shape(window)[0]
    stream, whole = extractor(spec, window), extractor(spec, samples.size)(samples)
    first = stream(samples[:window])
    np.testing.assert_array_equal(first, whole[:rows])
    after = samples[hop * 160 :][:window]
    np.testing.assert_array_equal(stream(after, hop * 160), extractor(spec, window)(after))


@any_kind
def test_any_memory_will_do(spec: FeatureSpec) -> None:
    """Samples that cannot be written to, and every other one of stereo, give what a copy of them gives."""
    frozen = noise(0, 1000).repeat(4)
    wanted = extractor(spec)(frozen)
    frozen.flags.writeable = False
    np.testing.assert_array_equal(extractor(spec)(frozen), wanted)
    np.testing.assert_array_equal(extractor(spec)(np.stack([frozen, -frozen], axis=1)[:, 0]), wanted)


@any_kind
def test_nothing_is_allocated(spec: FeatureSpec, woman: Samples) -> None:
    """A hop allocates no array: at most the few small objects that views of arrays are."""
    stream, samples = extractor(spec), woman[:32000]
    for fresh in (None, 8000, 8000):
        stream(samples, fresh)
    tracemalloc.start()
    try:
        for fresh in (8000, None, 80):
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            stream(samples, fresh)
            assert tracemalloc.get_traced_memory()[1] - before < 4000  # bytes; a row for each frame takes more
    finally:
        tracemalloc.stop()


@given(shape=st.lists(st.integers(1, 40), min_size=1, max_size=2))
def test_work_arrays_begin_on_a_cache_line(shape: list[int]) -> None:
    """The kernels' memory is zeros of the shape asked for, contiguous, from a multiple of 64 bytes on."""
    memory = aligned_zeros(*shape)
    assert memory.ctypes.data % 64 == 0
    assert memory.flags.c_contiguous
    np.testing.assert_array_equal(memory, np.zeros(shape, np.float32))


@any_kind
def test_refuses_what_is_no_window(spec: FeatureSpec) -> None:
    """Another dtype or length is refused with what was expected."""
    with pytest.raises(ValueError, match=r"expected int16\[32000\]"):
        extractor(spec)(np.zeros(32000, np.float32))
    with pytest.raises(ValueError, match=r"int16\[31999\]"):
        extractor(spec)(np.zeros(31999, np.int16))


_AT_THE_END = """
import ctypes, mmap, sys
import numpy as np
from stream.features import build_extractor
from tests.stream.test_features import KINDS

window = int(sys.argv[1])
pages = -(-2 * window // mmap.PAGESIZE)
memory = mmap.mmap(-1, (pages + 1) * mmap.PAGESIZE)
end = pages * mmap.PAGESIZE
address = ctypes.addressof(ctypes.c_char.from_buffer(memory, end))
assert ctypes.CDLL(None, use_errno=True).mprotect(ctypes.c_void_p(address), mmap.PAGESIZE, 0) == 0
samples = np.frombuffer(memory, np.int16, window, end - 2 * window)
for spec in KINDS:
    extractor = build_extractor(spec, sample_rate=16000, window=window)
    for fresh in (None, 8000, 160):
        extractor(samples, fresh)
"""


@pytest.mark.parametrize("window", [32000, 31999, 3000])
def test_nothing_beyond_the_window_is_read(window: int) -> None:
    """Where memory ends with it, a kernel that read on would end the process."""
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", _AT_THE_END, str(window)], cwd=root, check=True)
