"""Chroma and spectral contrast, by librosa."""

import librosa
import numpy as np

from training.audio import RATE, Float32
from training.zoo.features.kinds import Chroma, SpectralContrast


def chroma(samples: Float32, kind: Chroma) -> Float32:
    """Energy of each pitch class, C first, the loudest of a frame at 1: samples of ±1 → float32[frames, classes].

    Tuned to 440 Hz: librosa's estimate of the tuning would make a class mean another pitch in each window.
    """
    found = librosa.feature.chroma_stft(
        y=samples, sr=RATE, n_fft=kind.frame, hop_length=kind.hop, n_chroma=kind.classes, center=False, tuning=0.0
    )
    return np.ascontiguousarray(found.T, np.float32)


def spectral_contrast(samples: Float32, kind: SpectralContrast) -> Float32:
    """Level of the loudest 2 % of an octave's bins over the quietest: samples of ±1 → dB, float32[frames, bands + 1].

    Source: Jiang and others, Music type classification by spectral contrast feature (2002), as librosa does it.
    """
    found = librosa.feature.spectral_contrast(
        y=samples, sr=RATE, n_fft=kind.frame, hop_length=kind.hop, n_bands=kind.bands, fmin=kind.f_min, center=False
    )
    return np.ascontiguousarray(found.T, np.float32)
