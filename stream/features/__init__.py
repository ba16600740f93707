"""The Numba kernels behind one strict face: one feature path for stream, files and training."""

from models import UnusableError

try:
    from stream.features.extractor import FeatureExtractor, build_extractor
    from stream.features.kernels import energy
    from stream.features.logmel import LogMel
except RuntimeError as error:  # Numba: "cannot cache function: no locator available"
    raise UnusableError(
        "the compiled kernels can be kept nowhere: set NUMBA_CACHE_DIR to a folder that can be written to"
    ) from error

__all__ = ["FeatureExtractor", "LogMel", "build_extractor", "energy"]
