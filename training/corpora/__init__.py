"""Reading speech, noise and music corpora into one kind of record."""

from training.corpora.discover import learnable, read_corpus
from training.corpora.manifest import Recording, read_manifest, recordings_for

__all__ = ["Recording", "learnable", "read_corpus", "read_manifest", "recordings_for"]
