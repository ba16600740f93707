"""Keeping a stream's audio, only where `--save-audio` asks for it by name."""

from pathlib import Path

import numpy as np
import soundfile

from models import GenderstreamError, UnusableError
from stream.records import SAMPLE_RATE, AudioBlock, Gap

_SILENCE = np.zeros(SAMPLE_RATE, np.int16)


class AudioKeeper:
    """A Listener that writes FOLDER/STREAM-EPOCH.flac at 16 kHz, silence where samples were lost."""

    def __init__(self, folder: Path, stream: str, epoch: str) -> None:
        path = folder / f"{stream}-{epoch}.flac"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = soundfile.SoundFile(path, "w", SAMPLE_RATE, 1, "PCM_16")
        except (OSError, soundfile.LibsndfileError) as error:
            raise UnusableError(f"cannot keep audio in {folder}: {error}; choose another --save-audio") from error

    def hear(self, piece: AudioBlock | Gap) -> None:
        """Append `piece`."""
        try:
            if isinstance(piece, AudioBlock):
                self._file.write(piece.samples)
                return
            for at in range(0, piece.length, _SILENCE.size):
                self._file.write(_SILENCE[: piece.length - at])
        except soundfile.LibsndfileError as error:
            raise GenderstreamError(f"cannot keep audio in {self._file.name}: {error.error_string}") from error

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
