"""What a model is, and the models we ship."""

from models.errors import GenderstreamError, UnusableError
from models.folder import VOICE, Model, load_model, read_spec, write_spec
from models.spec import (
    Activity,
    FeatureSpec,
    LogMelSpec,
    MfccSpec,
    ModelSpec,
    OutputSpec,
    Smoothing,
    SpectrogramSpec,
    Thresholds,
    Timbre,
    Turns,
    Verdict,
    WaveSpec,
)

__all__ = [
    "VOICE",
    "Activity",
    "FeatureSpec",
    "GenderstreamError",
    "LogMelSpec",
    "MfccSpec",
    "Model",
    "ModelSpec",
    "OutputSpec",
    "Smoothing",
    "SpectrogramSpec",
    "Thresholds",
    "Timbre",
    "Turns",
    "UnusableError",
    "Verdict",
    "WaveSpec",
    "load_model",
    "read_spec",
    "write_spec",
]
