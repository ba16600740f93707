"""Log-mel of a window: our kernel, librosa, SciPy and NumPy, all in float32 and with the same settings."""

import importlib
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from models import LogMelSpec
from stream.bench.result import Bar, Number, Result, Skipped
from stream.bench.sound import speech
from stream.bench.timing import Work, cpu_us
from stream.features import LogMel
from stream.features.mel import mel_weights
from stream.records import FULL_SCALE, SAMPLE_RATE

RESULTS = {
    "logmel_window_us": Bar("log-mel of a whole 2 s window", "µs", least=True),
    "logmel_hop_us": Bar("log-mel of the 0.5 s that a window has new", "µs", least=True),
    "hop_increment_vs_window": Bar("log-mel of a hop against recomputing the window", "×", 3.0, 3.8),
    "logmel_window_vs_scipy": Bar("log-mel of a window against scipy.fft and a matrix product", "×", 2.0, 3.0),
    "logmel_window_vs_numpy": Bar("log-mel of a window against numpy.fft and a matrix product", "×", 2.0, 3.0),
    "logmel_window_vs_librosa": Bar("log-mel of a window against librosa", "×", 8.0, 12.0),
}

WINDOW, HOP = 2 * SAMPLE_RATE, SAMPLE_RATE // 2
SPEC = LogMelSpec()

Float32 = npt.NDArray[np.float32]


def measure(*, quick: bool) -> Iterator[Result]:
    """Ours alternates with each of the others."""
    rounds = 20 if quick else 300
    samples = speech()[:WINDOW].copy()
    audio = (samples / FULL_SCALE).astype(np.float32)
    log_mel = LogMel(SPEC, sample_rate=SAMPLE_RATE, window=WINDOW)
    window, hop = cpu_us(lambda: log_mel(samples), lambda: log_mel(samples, HOP), rounds=rounds, repeats=5)
    yield Number("logmel_window_us", window)
    yield Number("logmel_hop_us", hop)
    yield Number("hop_increment_vs_window", window / hop)
    for library, usual in (("scipy", _scipy), ("numpy", _numpy), ("librosa", librosa_log_mel)):
        name = f"logmel_window_vs_{library}"
        try:
            theirs: Work = usual(audio)
        except ImportError:
            yield Skipped((name,), f"{library} is not installed")
            continue
        ours, other = cpu_us(lambda: log_mel(samples), theirs, rounds=rounds, repeats=2)
        yield Number(name, other / ours)


def librosa_log_mel(audio: Float32) -> Work:
    """librosa's mel of `audio` (float32[n] of ±1), as its documentation shows it. Raises ImportError."""
    librosa = importlib.import_module("librosa")
    settings = {"sr": SAMPLE_RATE, "n_fft": SPEC.fft, "win_length": SPEC.frame, "hop_length": SPEC.hop}

    padded = np.pad(audio, (0, SPEC.fft - SPEC.frame))  # librosa cuts frames of `fft` samples: as many as ours

    def work() -> object:
        mel = librosa.feature.melspectrogram(y=padded, n_mels=SPEC.bands, center=False, **settings)
        return librosa.power_to_db(mel, amin=SPEC.floor, top_db=None)

    return work


def _scipy(audio: Float32) -> Work:
    rfft = importlib.import_module("scipy.fft").rfft
    return _by_matrix(audio, lambda frames: rfft(frames, SPEC.fft))


def _numpy(audio: Float32) -> Work:
    return _by_matrix(audio, lambda frames: np.fft.rfft(frames, SPEC.fft))


def _by_matrix(audio: Float32, transform: Callable[[Float32], npt.NDArray[np.complexfloating]]) -> Work:
    """All frames through `transform` and the mel matrix at once; what can be computed before, is."""
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SPEC.frame) / SPEC.frame)).astype(np.float32)
    dense = mel_weights(sample_rate=SAMPLE_RATE, fft=SPEC.fft, bands=SPEC.bands, f_min=SPEC.f_min, f_max=SPEC.f_max)
    weights = np.ascontiguousarray(dense.T, np.float32)
    floor = np.float32(SPEC.floor)

    def work() -> object:
        frames = np.lib.stride_tricks.sliding_window_view(audio, SPEC.frame)[:: SPEC.hop]
        spectrum = transform(frames * hann)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
        return np.float32(10.0) * np.log10(np.maximum(power @ weights, floor))

    return work
