"""A pool: many clips in one int16 file, mapped into memory, with the VAD's verdict on every 20 ms of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from training.audio import WINDOW, Int16
from training.corpora import Recording
from training.gate import FRAME, SHARE, gated_starts, voiced_frames


class Clip(msgspec.Struct, frozen=True):
    """A recording's place in the pool."""

    recording: Recording
    start: int  # sample, a multiple of FRAME
    length: int  # samples before padding to whole frames, and to one window at least


@dataclass(frozen=True, slots=True)
class Pool:
    """Clips, their samples (int16[n]) and the verdicts on their frames (bool[n / 320])."""

    clips: list[Clip]
    samples: Int16
    voiced: npt.NDArray[np.bool_]

    def audio(self, clip: Clip) -> Int16:
        """The clip's samples with its padding: int16[at least a window]."""
        return self.samples[clip.start : clip.start + padded(clip.length)]

    def gated(self, clip: Clip, hop: int, share: float = SHARE) -> npt.NDArray[np.int64]:
        """First samples, within the clip, of its windows that pass the gate; `hop` in VAD frames."""
        first = clip.start // FRAME
        return gated_starts(self.voiced[first : first + padded(clip.length) // FRAME], hop, share)


def padded(length: int) -> int:
    """`length` samples padded to whole VAD frames, and to one window at least."""
    return max(-(-length // FRAME) * FRAME, WINDOW)


def write_pool(folder: Path, content: Iterable[tuple[Recording, Int16]]) -> None:
    """Write a pool to `folder`; its index comes last, so that a pool with an index is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    clips, verdicts, start = [], [], 0
    with (folder / "samples.s16").open("wb") as file:
        for recording, samples in content:
            filled = np.zeros(padded(samples.size), np.int16)
            filled[: samples.size] = samples
            file.write(filled.tobytes())
            verdicts.append(voiced_frames(filled))
            clips.append(Clip(recording, start, samples.size))
            start += filled.size
    np.save(folder / "voiced.npy", np.concatenate([*verdicts, np.zeros(0, bool)]))
    (folder / "clips.json").write_bytes(msgspec.json.encode(clips))


def is_whole(folder: Path) -> bool:
    """Whether the pool in `folder` was written to its end."""
    return (folder / "clips.json").exists()


def read_pool(folder: Path) -> Pool:
    """Map the pool in `folder`; a pool without clips is empty."""
    clips = msgspec.json.decode((folder / "clips.json").read_bytes(), type=list[Clip])
    samples = np.memmap(folder / "samples.s16", np.int16, "r") if clips else np.zeros(0, np.int16)
    return Pool(clips, samples, np.load(folder / "voiced.npy"))
