"""The Numba FFT and log-mel kernels behind one strict face: one feature path for stream, files and training."""

from stream.features.logmel import LogMel

__all__ = ["LogMel"]
