"""Numbers from answers, with 95 % intervals by speaker: accuracy, abstention, calibration, false accepts, ages."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from models import ModelSpec
from training.protocol import QUIET_DBFS, Answers

DRAWS = 1000  # of the bootstrap over speakers
BINS = 10  # of equal mass, for the calibration error
RISK_POINTS = 50  # of the coverage-risk curve
LEAST_COVERAGE = 0.02  # of that curve: fewer windows say nothing
ANSWERS = ("female", "male", "low_confidence", "undecidable", "not_speech")  # columns of a confusion matrix
AGES = {"under 10": 10, "10 to 12": 13, "13 to 17": 18, "18 to 24": 25, "25 and over": 200}  # below it, years

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]


class Share(msgspec.Struct, frozen=True):
    """A figure over windows with its 95 % interval; the speakers are what was drawn anew."""

    value: float
    low: float
    high: float
    windows: int
    speakers: int


class ByGender(msgspec.Struct, frozen=True):
    """A share of all windows, of women's (or girls') and of men's (or boys'); None where there are none."""

    all: Share | None
    female: Share | None
    male: Share | None


class Bin(msgspec.Struct, frozen=True):
    """One bin of a reliability curve."""

    said: float  # mean probability of a woman's voice
    found: float  # share of women
    windows: int


class Point(msgspec.Struct, frozen=True):
    """One point of a coverage-risk curve."""

    coverage: float  # answered, of all gated windows
    risk: float  # wrong, of the answered


class Voices(msgspec.Struct, frozen=True):
    """Grown voices of one corpus under one condition."""

    forced: ByGender  # right of all gated windows; a veto counts as wrong
    gap: Share | None  # forced, women less men
    vetoed: Share | None  # taken for no voice
    coverage: Share | None  # answered
    answered: ByGender  # right of the answered
    calibration: Share | None  # expected calibration error over the windows not vetoed
    confusion: dict[str, dict[str, int]]  # truth, then one of ANSWERS
    reliability: list[Bin]
    risk: list[Point]


class Age(msgspec.Struct, frozen=True):
    """Speakers of one age group."""

    gendered: ByGender  # windows that get a gender
    forced: ByGender  # right of all gated windows, were they asked for a gender


class Others(msgspec.Struct, frozen=True):
    """Clips without a voice to decide on."""

    clips: int
    asked: int  # clips with a window above QUIET_DBFS that passes the VAD
    by_clip: Share | None  # of those, clips with any window that gets a gender
    by_window: Share | None  # of their windows; here a clip is what was drawn anew


@dataclass(frozen=True, slots=True)
class Table:
    """The windows of many recordings as columns, each [n]."""

    speaker: Names
    is_female: Bools
    female: Floats
    voiced: Bools
    answerable: Bools
    gendered: Bools

    @property
    def right(self) -> Bools:
        """Forced choice, before any veto."""
        return (self.female > 0.5) == self.is_female


def tabulate(answers: Sequence[Answers], spec: ModelSpec) -> Table:
    """The windows of `answers` one after the other."""

    def column(of: Callable[[Answers], npt.NDArray], dtype: type) -> npt.NDArray:
        return np.concatenate([*(of(each) for each in answers), np.zeros(0)]).astype(dtype)

    sizes = [each.female.size for each in answers]
    return Table(
        np.repeat(np.array([each.recording.speaker for each in answers], str), sizes),
        np.repeat(np.array([each.recording.gender == "female" for each in answers], bool), sizes),
        column(lambda each: each.female, float),
        column(lambda each: each.voiced(spec), bool),
        column(lambda each: each.answerable(spec), bool),
        column(lambda each: each.gendered(spec), bool),
    )


def voices(answers: Sequence[Answers], spec: ModelSpec) -> Voices:
    """The figures of a corpus of grown voices with known labels."""
    table = tabulate(answers, spec)
    counted, sure, voiced = table.right & table.voiced, table.gendered, table.voiced
    return Voices(
        forced=by_gender(counted, table.speaker, table.is_female),
        gap=gap(counted, table.speaker, table.is_female),
        vetoed=share(~voiced, table.speaker),
        coverage=share(sure, table.speaker),
        answered=by_gender(table.right[sure], table.speaker[sure], table.is_female[sure]),
        calibration=calibration(table.female[voiced], table.is_female[voiced], table.speaker[voiced]),
        confusion=confusion(table),
        reliability=reliability(table.female[voiced], table.is_female[voiced]),
        risk=risk_curve(table),
    )


def forced(answers: Sequence[Answers], spec: ModelSpec) -> ByGender:
    """Right of all gated windows; a veto counts as wrong."""
    table = tabulate(answers, spec)
    return by_gender(table.right & table.voiced, table.speaker, table.is_female)


def ages(answers: Sequence[Answers], spec: ModelSpec) -> dict[str, Age]:
    """Speakers of known age by group, and all under 13 together."""
    groups: dict[str, list[Answers]] = defaultdict(list)
    for each in answers:
        years = each.recording.age
        if years is not None:
            groups[next(name for name, below in AGES.items() if years < below)].append(each)
            groups["under 13"] += [each] if each.recording.child else []
    order = ["under 13", *AGES]
    return {name: _age(groups[name], spec) for name in order if groups[name]}


def _age(answers: Sequence[Answers], spec: ModelSpec) -> Age:
    table = tabulate(answers, spec)
    return Age(by_gender(table.gendered, table.speaker, table.is_female), forced(answers, spec))


def others(answers: Sequence[Answers], spec: ModelSpec) -> Others:
    """How often what is no voice gets a gender."""
    loud = [each.gendered(spec)[each.level > QUIET_DBFS] for each in answers]
    asked = [clip for clip in loud if clip.size]
    number = np.array([str(place) for place in range(len(asked))], str)
    return Others(
        len(loud),
        len(asked),
        share(np.array([clip.any() for clip in asked], bool), number),
        share(np.concatenate([*asked, np.zeros(0, bool)]), np.repeat(number, [clip.size for clip in asked])),
    )


def share(counted: Bools, speaker: Names) -> Share | None:
    """The share of true windows, and its interval by drawing whole speakers (percentile bootstrap, fixed seed)."""
    if not counted.size:
        return None
    hits, sizes = _sums(speaker, counted, np.ones(counted.size))
    draws = _draws(sizes.size)
    return _interval(float(counted.mean()), (draws @ hits) / (draws @ sizes), counted.size, sizes.size)


def by_gender(counted: Bools, speaker: Names, is_female: Bools) -> ByGender:
    """The share of all, of women's and of men's windows."""
    return ByGender(
        share(counted, speaker),
        share(counted[is_female], speaker[is_female]),
        share(counted[~is_female], speaker[~is_female]),
    )


def gap(counted: Bools, speaker: Names, is_female: Bools) -> Share | None:
    """Women's share less men's; None where one gender is missing."""
    if not (is_female.any() and (~is_female).any()):
        return None
    women, all_women, men, all_men = _sums(speaker, counted & is_female, is_female, counted & ~is_female, ~is_female)
    draws = _draws(women.size)
    with np.errstate(invalid="ignore", divide="ignore"):  # a draw may lack a gender
        drawn = (draws @ women) / (draws @ all_women) - (draws @ men) / (draws @ all_men)
    value = float(counted[is_female].mean() - counted[~is_female].mean())
    return _interval(value, drawn, counted.size, women.size)


def calibration(probability: Floats, truth: Bools, speaker: Names) -> Share | None:
    """The expected calibration error with its interval; speakers drawn anew fall into the same bins."""
    if not truth.size:
        return None
    owing = probability - truth
    per_bin = np.stack([
        _sums(speaker, np.where(np.isin(np.arange(truth.size), part), owing, 0.0))[0] for part in _bins(probability)
    ], axis=1)  # fmt: skip
    sizes = _sums(speaker, np.ones(truth.size))[0]
    draws = _draws(sizes.size)
    drawn = np.abs(draws @ per_bin).sum(axis=1) / (draws @ sizes)
    return _interval(calibration_error(probability, truth), drawn, truth.size, sizes.size)


def calibration_error(probability: Floats, truth: Bools) -> float:
    """Expected calibration error in BINS bins of equal mass."""
    gaps = [abs(probability[part].mean() - truth[part].mean()) * part.size for part in _bins(probability)]
    return float(sum(gaps) / max(truth.size, 1))


def reliability(probability: Floats, truth: Bools) -> list[Bin]:
    """What was said and what was found, in the same bins."""
    return [Bin(float(probability[b].mean()), float(truth[b].mean()), int(b.size)) for b in _bins(probability)]


def risk_curve(table: Table) -> list[Point]:
    """Coverage and risk as the label's threshold falls; what the other thresholds refuse is never answered."""
    sure = np.maximum(table.female, 1 - table.female)
    order = np.argsort(-sure[table.answerable], kind="stable")
    wrong = np.cumsum(~table.right[table.answerable][order])
    least = max(1, int(LEAST_COVERAGE * table.female.size))
    if order.size < least:
        return []
    places = np.unique(np.linspace(least, order.size, RISK_POINTS).astype(int))
    return [Point(float(n / table.female.size), float(wrong[n - 1] / n)) for n in places]


def confusion(table: Table) -> dict[str, dict[str, int]]:
    """How often each answer was given, for women and for men."""
    answer = np.where(table.female > 0.5, "female", "male").astype("U16")
    answer[~table.gendered] = "low_confidence"
    answer[~table.answerable] = "undecidable"
    answer[~table.voiced] = "not_speech"
    truths = {"female": table.is_female, "male": ~table.is_female}
    return {name: {each: int((answer[rows] == each).sum()) for each in ANSWERS} for name, rows in truths.items()}


def _bins(probability: Floats) -> list[npt.NDArray[np.int64]]:
    return [part for part in np.array_split(np.argsort(probability, kind="stable"), BINS) if part.size]


def _sums(speaker: Names, *columns: npt.NDArray) -> list[Floats]:
    """The sum of each column for each speaker: float64[speakers]."""
    names, place = np.unique(speaker, return_inverse=True)
    return [np.bincount(place, column.astype(float), names.size) for column in columns]


def _draws(speakers: int) -> Floats:
    """How often each speaker is drawn in each draw: float64[DRAWS, speakers]."""
    return np.random.default_rng(0).multinomial(speakers, [1 / speakers] * speakers, DRAWS).astype(float)


def _interval(value: float, drawn: Floats, windows: int, speakers: int) -> Share:
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return Share(value, float(low), float(high), windows, speakers)
