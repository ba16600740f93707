"""Which features a recipe may name, and their parameters."""

from typing import Annotated, Final, get_args

import msgspec
from msgspec import Meta

from models.spec import Count, FeatureSpec, FramedSpec, MfccSpec, Positive
from training.audio import RATE, WINDOW


class _Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """A kind of features; a parameter it does not know is an error."""


class SpectralStatistics(_Kind, frozen=True, tag="spectral-statistics"):
    """Twelve statistics of the whole window's amplitude spectrum: float32[12]."""


class Chroma(_Kind, frozen=True, tag="chroma"):
    """Energy of each pitch class, the loudest of a frame at 1: float32[frames, classes]."""

    frame: Count = 2048  # samples, Hann window
    hop: Count = 300  # samples: 100 frames in 2 s
    classes: Count = 12


class SpectralContrast(_Kind, frozen=True, tag="spectral-contrast"):
    """Peaks against valleys of octave bands, dB: float32[frames, bands + 1]."""

    frame: Count = 2048  # samples, Hann window
    hop: Count = 300  # samples
    bands: Annotated[int, Meta(ge=1, le=6)] = 6  # octaves from f_min up; the row before them is what lies below
    f_min: Positive = 200.0  # Hz


Feature = FeatureSpec | SpectralStatistics | Chroma | SpectralContrast
STREAMED: Final = get_args(FeatureSpec)
"""What the daemon computes from live audio, by the same kernels."""


def kind_of(feature: type[Feature]) -> str:
    """The name that a recipe calls this class by."""
    return str(feature.__struct_config__.tag)


def contradiction(feature: Feature) -> str | None:
    """What the types of the parameters alone cannot say, as one line; None where they fit together."""
    if isinstance(feature, FramedSpec) and (feature.fft & (feature.fft - 1) or feature.fft < 8):
        return f"fft is {feature.fft}: expected a power of two from 8 on"
    if isinstance(feature, FramedSpec) and (feature.frame > feature.fft or feature.frame % 2):
        return f"frame is {feature.frame} samples: expected an even number up to fft ({feature.fft})"
    if isinstance(feature, MfccSpec) and feature.coefficients > feature.bands:
        return f"coefficients are {feature.coefficients}: expected at most as many as bands ({feature.bands})"
    if getattr(feature, "frame", 0) > WINDOW:
        return f"frame is {feature.frame} samples: expected at most a window ({WINDOW})"
    if isinstance(feature, SpectralContrast) and feature.f_min * 2 ** (feature.bands - 1) >= RATE / 2:
        return f"{feature.bands} octaves from {feature.f_min} Hz reach beyond {RATE / 2:g} Hz: expected fewer bands"
    return None
