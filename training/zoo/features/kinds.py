"""Which features a recipe may name, and their parameters."""

from typing import Annotated, Final, get_args

import msgspec
from msgspec import Meta

from models.spec import Count, FeatureSpec, Positive


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
