"""Reading audio files the way training sees them: mono int16 at the pipeline's rate."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from models import UnusableError

Int16 = npt.NDArray[np.int16]
Float32 = npt.NDArray[np.float32]

RATE: Final = 16000  # Hz
WINDOW = 2 * RATE  # samples
FULL_SCALE = 32768.0  # of int16


def read_audio(path: Path) -> Int16:
    """The file as int16[samples] at 16 kHz, channels averaged. Raises UnusableError where it cannot be read."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise UnusableError(f"cannot read {path}: {error}") from error
    mono = samples.mean(axis=1)
    return to_int16(mono if rate == RATE else soxr.resample(mono, rate, RATE))


def to_int16(samples: npt.NDArray[np.floating]) -> Int16:
    """Samples of ±1 to int16, rounded; what is louder clips."""
    return np.clip(np.rint(samples * FULL_SCALE), -32768, 32767).astype(np.int16)


def to_float(samples: Int16) -> Float32:
    """int16 to float32 of ±1."""
    return samples.astype(np.float32) / np.float32(FULL_SCALE)


def rms(samples: npt.NDArray[np.floating]) -> float:
    """Root mean square; never zero, so that it can divide."""
    return float(np.sqrt(np.mean(np.square(samples)) + 1e-12))
