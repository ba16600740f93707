"""Keeping a stream's audio, only where `--save-audio` asks for it by name."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import soundfile

from models import UnusableError
from stream.records import SAMPLE_RATE, AudioBlock, Gap

_SILENCE = np.zeros(SAMPLE_RATE, np.int16)


def make_folder(folder: Path) -> None:
    """Have a folder to keep audio in. Raises UnusableError where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableError(f"--save-audio is {folder}: {error.strerror}; choose another folder") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnusableError(f"--save-audio is {folder}: nothing may be written there; choose another folder")


class AudioKeeper:
    """A Listener that writes FOLDER/STREAM-EPOCH.flac at 16 kHz, silence where samples were lost."""

    def __init__(self, folder: Path, stream: str, epoch: str, fail: Callable[[str], None]) -> None:
        """`fail` is told once where the disk takes no more, and may raise; otherwise the stream goes on, unkept."""
        self._path = folder / f"{stream}-{epoch}.flac"
        self._stream, self._fail = stream, fail
        self._file: soundfile.SoundFile | None = None
        try:
            self._file = soundfile.SoundFile(self._path, "w", SAMPLE_RATE, 1, "PCM_16")
        except soundfile.LibsndfileError:
            self._give_up()

    def hear(self, piece: AudioBlock | Gap) -> None:
        """Append `piece`."""
        if self._file is None:
            return
        try:
            if isinstance(piece, AudioBlock):
                self._file.write(piece.samples)
                return
            for at in range(0, piece.length, _SILENCE.size):
                self._file.write(_SILENCE[: piece.length - at])
        except soundfile.LibsndfileError:
            self._give_up()

    def close(self) -> None:
        """Finish the file."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except soundfile.LibsndfileError:
            self._tell()

    def _give_up(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(soundfile.LibsndfileError):
                file.close()
        self._tell()

    def _tell(self) -> None:
        self._fail(f"{self._path} cannot be written: {self._stream}'s audio is kept no more; is the disk full?")
