"""Numbers from answers: forced accuracy with its interval, abstention, calibration, false accepts, children."""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from models import ModelSpec
from training.protocol import QUIET_DBFS, Answers

DRAWS = 1000  # of the bootstrap over speakers
BINS = 10  # of equal mass, for the calibration error


class Share(msgspec.Struct, frozen=True):
    """A share of windows with its 95 % interval; the speakers are what was drawn anew."""

    value: float
    low: float
    high: float
    windows: int
    speakers: int


class Voices(msgspec.Struct, frozen=True):
    """Grown voices of one corpus under one condition."""

    forced: Share  # right of all gated windows; a veto counts as wrong
    female: Share
    male: Share
    vetoed: float  # taken for no voice
    coverage: float  # answered
    answered: float  # right of the answered
    calibration_error: float  # expected, over the windows not vetoed


class Children(msgspec.Struct, frozen=True):
    """Speakers of one age group and gender."""

    gendered: Share  # windows that get a gender


class Others(msgspec.Struct, frozen=True):
    """Clips without a voice."""

    clips: int
    clips_gendered: float  # clips with any window that gets a gender
    windows: int  # above QUIET_DBFS that pass the VAD
    windows_gendered: float  # of those


def voices(answers: Sequence[Answers], spec: ModelSpec) -> Voices:
    """The figures of a corpus of grown voices with known labels."""
    speaker = np.concatenate([np.full(a.female.size, a.recording.speaker) for a in answers])
    is_female = np.concatenate([np.full(a.female.size, a.recording.gender == "female") for a in answers])
    female = np.concatenate([a.female for a in answers])
    voiced = np.concatenate([a.voiced(spec) for a in answers])
    gendered = np.concatenate([a.gendered(spec) for a in answers])
    right = (female > 0.5) == is_female
    counted = right & voiced
    return Voices(
        forced=share(counted, speaker),
        female=share(counted[is_female], speaker[is_female]),
        male=share(counted[~is_female], speaker[~is_female]),
        vetoed=_mean(~voiced),
        coverage=_mean(gendered),
        answered=_mean(right[gendered]),
        calibration_error=calibration_error(female[voiced], is_female[voiced]),
    )


def children(answers: Sequence[Answers], spec: ModelSpec) -> Children:
    """How often speakers who should get no gender get one."""
    speaker = np.concatenate([np.full(a.female.size, a.recording.speaker) for a in answers])
    return Children(share(np.concatenate([a.gendered(spec) for a in answers]), speaker))


def others(answers: Sequence[Answers], spec: ModelSpec) -> Others:
    """How often what is no voice gets a gender."""
    loud = [a.gendered(spec)[a.level > QUIET_DBFS] for a in answers]
    windows = np.concatenate([*loud, np.zeros(0, bool)])
    return Others(len(loud), _mean(np.array([clip.any() for clip in loud])), windows.size, _mean(windows))


def share(counted: npt.NDArray[np.bool_], speaker: npt.NDArray[np.str_]) -> Share:
    """The share of true windows, and its interval by drawing whole speakers (percentile bootstrap, fixed seed)."""
    names, place = np.unique(speaker, return_inverse=True)
    hits = np.bincount(place, counted.astype(float), names.size)
    sizes = np.bincount(place, minlength=names.size)
    if not names.size:
        return Share(float("nan"), float("nan"), float("nan"), 0, 0)
    drawn = np.random.default_rng(0).integers(0, names.size, (DRAWS, names.size))
    low, high = np.quantile(hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), (0.025, 0.975))
    return Share(_mean(counted), float(low), float(high), int(counted.size), int(names.size))


def calibration_error(probability: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error in BINS bins of equal mass."""
    order = np.argsort(probability)
    parts = [part for part in np.array_split(order, BINS) if part.size]
    gaps = [abs(probability[part].mean() - truth[part].mean()) * part.size for part in parts]
    return float(sum(gaps) / max(order.size, 1))


def _mean(values: npt.NDArray[np.bool_]) -> float:
    return float(values.mean()) if values.size else float("nan")
