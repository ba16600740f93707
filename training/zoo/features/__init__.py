"""Features of windows, by the kind that a recipe names: the stream's own kernels where the daemon computes them."""

from training.zoo.features.compute import compute, extraction
from training.zoo.features.kinds import STREAMED, Feature, contradiction, kind_of

__all__ = ["STREAMED", "Feature", "compute", "contradiction", "extraction", "kind_of"]
