"""Windows of 2 s to classify: cut from recordings, balanced, and split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models import UnusableError
from training.audio import RATE, WINDOW, Int16, read_audio, rms, to_float
from training.corpora import Recording
from training.gate import FRAME, gated_starts, voiced_frames
from training.pool import padded

HOP = RATE  # samples: windows one second apart, as the seeds' chunks
QUIET_DBFS = -60.0  # what is below it sounds like nothing


@dataclass(frozen=True, slots=True)
class Windows:
    """n windows, and what they are."""

    samples: Int16  # [n, WINDOW]
    target: npt.NDArray[np.int8]  # [n], 1: of the first label, 0: of the second
    source: npt.NDArray[np.str_]  # [n], who speaks, or the recording where nobody does

    def __len__(self) -> int:
        return len(self.target)

    def take(self, chosen: npt.NDArray[np.intp]) -> "Windows":
        """The windows with these numbers."""
        return Windows(self.samples[chosen], self.target[chosen], self.source[chosen])


def cut_windows(samples: Int16, *, gate: bool) -> Int16:
    """Windows of int16[any], HOP apart: int16[n, WINDOW]. With the gate those half speech, else those not silent.

    A sound shorter than a window is padded with zeros, as the daemon does at the end of a file.
    """
    filled = np.zeros(padded(samples.size), np.int16)
    filled[: samples.size] = samples
    starts = gated_starts(voiced_frames(filled), HOP // FRAME) if gate else np.arange(0, filled.size - WINDOW + 1, HOP)
    found = [filled[start : start + WINDOW] for start in starts]
    heard = [window for window in found if gate or 20 * np.log10(rms(to_float(window))) > QUIET_DBFS]
    return np.stack(heard) if heard else np.zeros((0, WINDOW), np.int16)


def read_windows(data: Path, classes: tuple[Iterable[Recording], Iterable[Recording]], *, gate: bool) -> Windows:
    """All windows of the recordings of the first and of the second label, which lie in `data`."""
    clips = [
        (cut_windows(read_audio(data / recording.path), gate=gate), target, recording.speaker or recording.path)
        for target, recordings in zip((1, 0), classes, strict=True)
        for recording in recordings
    ]
    return joined(clips)


def joined(clips: Sequence[tuple[Int16, int, str]]) -> Windows:
    """The windows (int16[any, WINDOW], target, source) of clips one after the other."""
    counts = [len(windows) for windows, _, _ in clips]
    return Windows(
        np.concatenate([np.zeros((0, WINDOW), np.int16), *(windows for windows, _, _ in clips)]),
        np.repeat(np.array([target for _, target, _ in clips], np.int8), counts),
        np.repeat(np.array([source for _, _, source in clips], np.str_), counts),
    )


def balanced(windows: Windows, most: int, rng: np.random.Generator, what: str) -> Windows:
    """As many windows of either label, `most` at most in all, drawn and in a drawn order.

    Raises UnusableError where a label has none; `what` says which windows these are.
    """
    of = [np.flatnonzero(windows.target == target) for target in (1, 0)]
    number = min(*map(len, of), most // 2)
    if not number:
        raise UnusableError(f"{what}: {len(of[0])} windows of the first label and {len(of[1])} of the second: "
                            "expected some of both; give other --data")  # fmt: skip
    return windows.take(rng.permutation(np.concatenate([rng.permutation(each)[:number] for each in of])))


def stratified(windows: Windows, share: float, rng: np.random.Generator) -> tuple[Windows, Windows]:
    """The windows less a random `share` of those of each label, and that share."""
    held = [rng.permutation(np.flatnonzero(windows.target == target)) for target in (1, 0)]
    chosen = np.concatenate([each[: round(share * len(each))] for each in held])
    return windows.take(np.setdiff1d(np.arange(len(windows)), chosen)), windows.take(np.sort(chosen))
