"""Which corpus lies in a folder: told by the table it comes with, else by its folders."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from training.corpora import audio_mnist, common_voice, librispeech, voxceleb
from training.corpora.folders import read_folders
from training.corpora.manifest import Recording, Split, read_manifest, recordings_for, refuse_mixed_speakers

Reader = Callable[[Path], list[Recording]]

READERS: dict[str, Reader] = {  # by a file that only this corpus has in its root
    "manifest.csv": lambda root: read_manifest(root / "manifest.csv"),
    librispeech.TABLE: librispeech.read_librispeech,
    **{f"{name}.tsv": common_voice.read_common_voice for name in common_voice.TABLES},
    **dict.fromkeys(voxceleb.TABLES, voxceleb.read_voxceleb),
    audio_mnist.TABLE: audio_mnist.read_audio_mnist,
}


def read_corpus(root: Path) -> list[Recording]:
    """All recordings of the corpus in `root`, of the corpora in its folders, or of its folders as classes.

    Raises UnusableError where they break a law, and where two corpora share a speaker but not the split.
    """
    if reader := _reader(root):
        return reader(root)
    folders = sorted(each for each in root.iterdir() if each.is_dir()) if root.is_dir() else []
    nested = [(folder, reader) for folder in folders if (reader := _reader(folder))]
    if not nested:
        return read_folders(root)
    recordings = [_below(folder.name, each) for folder, reader in nested for each in reader(folder)]
    refuse_mixed_speakers(recordings)
    return recordings


def learnable(data: Path, split: Split) -> list[Recording]:
    """The recordings of `split` in the folder `data` that a model may be made from."""
    return recordings_for(read_corpus(data), split, learn=True)


def _reader(root: Path) -> Reader | None:
    return next((reader for table, reader in READERS.items() if (root / table).exists()), None)


def _below(folder: str, recording: Recording) -> Recording:
    return msgspec.structs.replace(recording, path=f"{folder}/{recording.path}")
