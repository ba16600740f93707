"""What a model is fed, computed as its spec says: one call, whatever the kind."""

from typing import Protocol

from models.spec import FeatureSpec, LogMelSpec, MfccSpec, SpectrogramSpec, WaveSpec
from stream.features.logmel import LogMel
from stream.features.mfcc import Mfcc
from stream.features.spectrogram import Spectrogram
from stream.features.wave import Wave
from stream.records import Features, Samples


class FeatureExtractor(Protocol):
    """Features of one stream's windows. One instance serves one stream and one thread."""

    def __call__(self, samples: Samples, fresh: int | None = None) -> Features:
        """The features of `samples` (int16[window]): float32 of the spec's shape, valid until the next call.

        `fresh`: samples at the end that the last call's window did not have; None: all. It saves time, no more:
        the values do not depend on it.
        """


def build_extractor(spec: FeatureSpec, *, sample_rate: int, window: int) -> FeatureExtractor:
    """The extractor of the kind of features that `spec` is, for windows of `window` samples."""
    match spec:
        case LogMelSpec():
            return LogMel(spec, sample_rate=sample_rate, window=window)
        case MfccSpec():
            return Mfcc(spec, sample_rate=sample_rate, window=window)
        case SpectrogramSpec():
            return Spectrogram(spec, window=window)
        case WaveSpec():
            return Wave(window=window)
