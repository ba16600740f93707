"""What a model is, and the models we ship."""

from models.errors import GenderstreamError, UnusableError
from models.folder import VOICE, Model, load_model, read_spec, write_spec
from models.spec import LogMelSpec, ModelSpec, OutputSpec, Smoothing, Thresholds

__all__ = [
    "VOICE",
    "GenderstreamError",
    "LogMelSpec",
    "Model",
    "ModelSpec",
    "OutputSpec",
    "Smoothing",
    "Thresholds",
    "UnusableError",
    "load_model",
    "read_spec",
    "write_spec",
]
