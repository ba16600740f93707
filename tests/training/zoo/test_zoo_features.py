"""Features against computations that share no code with them."""

import numpy as np
import pytest
import scipy.fft
import scipy.signal

pytest.importorskip("librosa", reason="the zoo needs librosa: pip install '.[train]'")
pytest.importorskip("soxr")

import librosa

from models.spec import LogMelSpec, MfccSpec, SpectrogramSpec, WaveSpec
from training.audio import RATE, WINDOW, to_int16
from training.zoo.features import compute
from training.zoo.features.kinds import Chroma, SpectralContrast, SpectralStatistics
from training.zoo.features.spectral import NAMES, statistics
from training.zoo.features.spectrum import amplitude_spectra

T = np.arange(WINDOW) / RATE
CHORD = (220.0, 277.18, 1318.5)  # Hz


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    """Noise, a chord in noise, a click, and silence: int16[4, WINDOW]."""
    rng = np.random.default_rng(0)
    chord = sum(np.sin(2 * np.pi * hz * T) for hz in CHORD) / 4
    sounds = [rng.standard_normal(WINDOW) * 0.1, chord + rng.standard_normal(WINDOW) * 0.01, T == 1.0, np.zeros(WINDOW)]
    return np.stack([to_int16(np.asarray(sound, float)) for sound in sounds])


def _statistics(amplitude: list[float], hz: list[float]) -> list[float]:
    """seewave's specprop, written out for one spectrum in plain Python."""
    total, n = sum(amplitude), len(amplitude)
    share, khz = [a / total for a in amplitude], [f / 1000 for f in hz]
    mean = sum(s * f for s, f in zip(share, khz, strict=True))
    deviation = sum(s * (f - mean) ** 2 for s, f in zip(share, khz, strict=True)) ** 0.5

    def quantile(part: float) -> float:
        cumulated = 0.0
        for s, f in zip(share, khz, strict=True):
            cumulated += s
            if cumulated > part:
                return f
        raise AssertionError

    spread = (sum((s - 1 / n) ** 2 for s in share) / (n - 1)) ** 0.5
    skewness, kurtosis = (sum((s - 1 / n) ** p for s in share) / (n - 1) / spread**p for p in (3, 4))
    entropy = -sum(s * np.log(s) for s in share) / np.log(n)
    flatness = np.exp(sum(np.log(s) for s in share) / n) * n
    q25, median, q75 = quantile(0.25), quantile(0.5), quantile(0.75)
    mode = khz[share.index(max(share))]
    return [mean, deviation, median, q25, q75, q75 - q25, skewness, kurtosis, entropy, flatness, mode, mean]


def test_the_spectrum_is_the_fourier_transform(windows: np.ndarray) -> None:
    """Amplitudes on the stream's kernel are those of NumPy's transform of the padded Hann window, to float32."""
    hann = scipy.signal.get_window("hann", WINDOW)
    wanted = np.abs(np.fft.rfft(windows / 32768 * hann, 32768))
    found, hz = amplitude_spectra(windows)
    assert found == pytest.approx(wanted, abs=1e-6 * wanted.max())
    assert hz[1] == RATE / 32768
    assert hz[-1] == RATE / 2


def test_a_spectrum_does_not_depend_on_its_neighbours(windows: np.ndarray) -> None:
    """However many windows are transformed together, each comes out alike."""
    many = np.concatenate([windows[:1]] * 17 + [windows])
    assert np.array_equal(amplitude_spectra(many)[0][17:], amplitude_spectra(windows)[0])


def test_statistics_are_those_of_seewave() -> None:
    """All twelve equal specprop, written out in plain Python, on spectra with peaks and without."""
    rng = np.random.default_rng(1)
    amplitude = rng.random((3, 257)) ** np.array([[1], [4], [20]]) + 1e-6
    hz = np.linspace(0, 8000, 257)
    for row, found in zip(amplitude, statistics(amplitude, hz), strict=True):
        wanted = _statistics(row.tolist(), hz.tolist())
        assert dict(zip(NAMES, found, strict=True)) == pytest.approx(dict(zip(NAMES, wanted, strict=True)), rel=1e-9)


def test_statistics_of_windows_mean_what_they_say(windows: np.ndarray) -> None:
    """Noise is flat, a chord is not and has its mode at a partial; silence has finite statistics; level is nothing."""
    found = compute(windows, SpectralStatistics())
    of = {name: found[:, column] for column, name in enumerate(NAMES)}
    assert found.shape == (4, 12)
    assert np.isfinite(found).all()
    assert of["flatness"][0] > 0.7 > 0.6 > of["flatness"][1]
    assert of["entropy"][0] > 0.9 > of["entropy"][1]
    assert min(abs(1000 * of["mode"][1] - hz) for hz in CHORD) < 1.0
    quieter = compute(windows[1:2] // 2, SpectralStatistics())
    assert quieter[0] == pytest.approx(found[1], rel=0.02)


@pytest.mark.parametrize(("hz", "place"), [(261.63, 0), (440.0, 9), (932.33, 10)])
def test_a_tone_is_its_pitch_class(hz: float, place: int) -> None:
    """A pure tone is loudest in its own class, C first, whatever its octave."""
    found = compute(to_int16(0.5 * np.sin(2 * np.pi * hz * T))[None], Chroma())
    assert found.shape == (1, 100, 12)
    assert (found[0].argmax(axis=1) == place).all()
    assert found.max() == pytest.approx(1.0)


def test_chroma_is_the_energy_by_pitch_class(windows: np.ndarray) -> None:
    """Chroma is NumPy's spectrum of each frame through librosa's bank of pitch classes, over its largest class."""
    hann = scipy.signal.get_window("hann", 2048)
    frames = np.lib.stride_tricks.sliding_window_view(windows[1] / 32768, 2048)[::300]
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    wanted = power @ librosa.filters.chroma(sr=RATE, n_fft=2048).T
    wanted /= wanted.max(axis=1, keepdims=True)
    assert compute(windows[1:2], Chroma())[0] == pytest.approx(wanted, abs=1e-4)


def test_contrast_is_peaks_over_valleys(windows: np.ndarray) -> None:
    """Each octave's loudest 2 % of bins against its quietest 2 %, in dB, sorted by hand."""
    hann = scipy.signal.get_window("hann", 2048)
    frames = np.lib.stride_tricks.sliding_window_view(windows[1] / 32768, 2048)[::300]
    magnitude = np.abs(np.fft.rfft(frames * hann))
    hz = np.fft.rfftfreq(2048, 1 / RATE)
    found = compute(windows[1:2], SpectralContrast())[0]
    assert found.shape == (100, 7)
    for band in (2, 3, 4):
        low, high = 200 * 2 ** (band - 1), 200 * 2**band
        inside = np.flatnonzero((hz >= low) & (hz <= high))
        bins = np.sort(magnitude[:, np.append(inside[0] - 1, inside[:-1])], axis=1)
        few = max(1, round(0.02 * len(inside)))
        level = 10 * np.log10(bins[:, -few:].mean(axis=1)) - 10 * np.log10(bins[:, :few].mean(axis=1))
        assert found[:, band] == pytest.approx(level, abs=0.5)


def test_the_log_spectrogram_is_scipys(windows: np.ndarray) -> None:
    """Power of every bin in dB as scipy.signal has it, to 0.01 dB where there is any."""
    spec = SpectrogramSpec(frame=320, hop=160, fft=512)
    found = compute(windows[:2], spec)
    hann = scipy.signal.get_window("hann", 320)
    transform = scipy.signal.ShortTimeFFT(hann, 160, RATE, mfft=512)
    power = np.abs(transform.stft(windows[:2] / 32768, p0=1, p1=200, k_offset=0)) ** 2
    wanted = 10 * np.log10(np.maximum(power.swapaxes(1, 2), 1e-10))
    assert found.shape == (2, 199, 257)
    assert found == pytest.approx(wanted, abs=0.05)


def test_mel_and_mfcc_are_librosas(windows: np.ndarray) -> None:
    """Log-mel is librosa's mel spectrogram in dB; MFCC its orthonormal cosine transform by SciPy."""
    settings = {"n_fft": 1024, "hop_length": 320, "n_mels": 64, "center": False, "htk": False}
    power = librosa.feature.melspectrogram(y=windows[:2] / 32768, sr=RATE, **settings).swapaxes(1, 2)
    wanted = 10 * np.log10(np.maximum(power, 1e-10))
    shape = {"frame": 1024, "hop": 320, "fft": 1024, "bands": 64}
    assert compute(windows[:2], LogMelSpec(**shape)) == pytest.approx(wanted, abs=0.05)
    cepstrum = scipy.fft.dct(wanted, norm="ortho", axis=2)[:, :, :13]
    assert compute(windows[:2], MfccSpec(**shape, coefficients=13)) == pytest.approx(cepstrum, abs=0.05)


def test_the_wave_is_the_samples(windows: np.ndarray) -> None:
    """Raw wave is the samples of ±1, exactly, window by window."""
    assert np.array_equal(compute(windows, WaveSpec())[:, :, 0], windows / np.float32(32768))
