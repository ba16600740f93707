"""Reading speech, noise and music corpora into one kind of record."""

from training.corpora.manifest import Recording, learnable, read_manifest, recordings_for

__all__ = ["Recording", "learnable", "read_manifest", "recordings_for"]
