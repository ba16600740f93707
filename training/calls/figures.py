"""Numbers from what was decided on calls, with 95 % intervals by drawing whole speakers anew."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from stream.decide import Turn, shares
from training.audio import RATE
from training.calls.hear import Decided
from training.calls.simulate import GENDERS, NOBODY, Script, Truth
from training.figures import DRAWS, Share, share
from training.gate import FRAME

UNKNOWN = "unknown"

Floats = npt.NDArray[np.float64]


class Quantile(msgspec.Struct, frozen=True):
    """A quantile with its interval; None where it lies among what was missed."""

    value: float | None
    low: float | None
    high: float | None


class Verdicts(msgspec.Struct, frozen=True):
    """Legs of one speaker each."""

    legs: int
    speakers: int
    first_wrong: Share | None  # of the legs with a verdict, the first one
    final_wrong: Share | None  # of the legs with a verdict at their end
    unknown: Share | None  # of all legs, at their end
    seconds: Quantile  # truly voiced until the first verdict, the median; legs without one count as endless
    reasons: dict[str, int]  # why legs are unknown at their end
    waited: list[float]  # seconds voiced until the first verdict, sorted; legs without one left out


class Turns(msgspec.Struct, frozen=True):
    """Legs on which people of both genders take turns."""

    legs: int
    opposite: Share | None  # of the voiced time, in a turn of the other label
    unknown: Share | None  # of the voiced time, in no turn
    edge_median: Quantile  # seconds between where a speaker begins and where their turn does
    edge_p90: Quantile
    missed: Share | None  # of the speakers' turns, those of which no part has the right label
    mixed: Share | None  # of the legs, those whose final verdict is that people of both labels speak
    edges: list[float | None]  # seconds, sorted; None: missed


class SharesOff(msgspec.Struct, frozen=True):
    """How far speaking-time shares are from the truth, of either label, averaged over legs."""

    legs: int
    error: Quantile  # the mean of what subscribers read: what is unknown is a share, too
    known: Quantile  # the same of the labelled time alone


@dataclass(frozen=True, slots=True)
class Result:
    """One call and what came of it."""

    script: Script
    decided: Decided


def verdicts(results: Sequence[Result]) -> Verdicts:
    """The figures of legs of one speaker."""
    speaker = _names(results)
    truth = [result.script.turns[0].gender for result in results]
    first = [said[0].label if (said := result.decided.verdicts) else UNKNOWN for result in results]
    final = [result.decided.summaries[-1] if result.decided.summaries else None for result in results]
    last = [summary.label if summary else UNKNOWN for summary in final]
    waited = np.array([_waited(result) for result in results], float)
    reasons = [summary.reason or UNKNOWN for summary in final if summary and summary.label == UNKNOWN]
    return Verdicts(
        len(results),
        len(set(speaker)),
        _wrong(first, truth, speaker),
        _wrong(last, truth, speaker),
        share(np.array([label == UNKNOWN for label in last], bool), speaker),
        quantile(waited, speaker, 0.5),
        {reason: reasons.count(reason) for reason in sorted(set(reasons))},
        sorted(waited[np.isfinite(waited)].tolist()),
    )


def gendered(results: Sequence[Result]) -> int:
    """Legs with a verdict at any time."""
    return sum(bool(result.decided.verdicts) for result in results)


def turns(results: Sequence[Result]) -> Turns:
    """The figures of alternating legs. The same two people are drawn together."""
    pair = _names(results)
    time = [_time(result) for result in results]
    voiced = np.repeat(pair, [labels.size for labels, _ in time])
    labels, truth = (np.concatenate([*column, np.zeros(0, np.int8)]) for column in zip(*time, strict=True))
    edges = [edge_errors(result.script, result.decided.turns) for result in results]
    edge, of = np.concatenate([*edges, np.zeros(0)]), np.repeat(pair, [each.size for each in edges])
    final = [result.decided.summaries[-1].reason if result.decided.summaries else None for result in results]
    return Turns(
        len(results),
        share((labels != truth) & (labels != NOBODY), voiced),
        share(labels == NOBODY, voiced),
        quantile(edge, of, 0.5),
        quantile(edge, of, 0.9),
        share(np.isinf(edge), of),
        share(np.array([reason == "mixed" for reason in final], bool), pair),
        [float(each) if np.isfinite(each) else None for each in np.sort(edge)],
    )


def shares_off(results: Sequence[Result]) -> SharesOff:
    """How far the final shares of alternating legs are from the truth."""
    off = np.array([_share_errors(result) for result in results if result.decided.summaries], float).reshape(-1, 2)
    pair = _names([result for result in results if result.decided.summaries])
    return SharesOff(len(results), mean(off[:, 0], pair), mean(off[:, 1], pair))


def labelled(size: int, found: Sequence[Turn]) -> Truth:
    """The label of each of `size` 20 ms frames by the turns, as the truth has it."""
    labels = np.full(size, NOBODY, np.int8)
    for turn in found:
        labels[round(turn.start * RATE / FRAME) : round(turn.end * RATE / FRAME)] = GENDERS.index(turn.label)
    return labels


def edge_errors(script: Script, found: Sequence[Turn]) -> Floats:
    """Seconds from each change of speaker to the start of the turn that is theirs; infinite where there is none.

    Theirs is the first turn of their label that overlaps what they say: one that began long before is far off.
    """
    errors = []
    for spoken in script.turns[1:]:
        own = (turn for turn in found if turn.label == spoken.gender and turn.end > spoken.start)
        turn = next((turn for turn in own if turn.start < spoken.end), None)
        errors.append(abs(turn.start - spoken.start) if turn else np.inf)
    return np.array(errors, float)


def quantile(values: Floats, speaker: npt.NDArray[np.str_], q: float) -> Quantile:
    """The quantile (an observed value) with its interval, whole speakers drawn anew."""
    return _interval(values, speaker, lambda each: float(np.quantile(each, q, method="inverted_cdf")))


def mean(values: Floats, speaker: npt.NDArray[np.str_]) -> Quantile:
    """The mean with its interval, whole speakers drawn anew."""
    return _interval(values, speaker, lambda each: float(each.mean()))


def _interval(values, speaker, statistic) -> Quantile:
    if not values.size:
        return Quantile(None, None, None)
    groups = [values[speaker == name] for name in np.unique(speaker)]
    rng = np.random.default_rng(0)
    drawn = [
        statistic(np.concatenate([groups[place] for place in rng.integers(len(groups), size=len(groups))]))
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975), method="inverted_cdf")
    return Quantile(*(float(each) if np.isfinite(each) else None for each in (statistic(values), low, high)))


def _names(results: Sequence[Result]) -> npt.NDArray[np.str_]:
    return np.array(["+".join(sorted(result.script.speakers)) for result in results], str)


def _wrong(said: Sequence[str], truth: Sequence[str], speaker: npt.NDArray[np.str_]) -> Share | None:
    known = np.array([label != UNKNOWN for label in said], bool)
    wrong = np.array([label != gender for label, gender in zip(said, truth, strict=True)], bool)
    return share(wrong[known], speaker[known])


def _waited(result: Result) -> float:
    """Seconds of truly voiced speech until the first verdict is said."""
    for summary in result.decided.verdicts:
        heard = result.script.truth[: round(summary.end * RATE / FRAME)]
        return float(np.count_nonzero(heard != NOBODY) * FRAME / RATE)
    return np.inf


def _time(result: Result) -> tuple[Truth, Truth]:
    """Found and true labels of the voiced frames."""
    truth = result.script.truth
    voiced = truth != NOBODY
    return labelled(truth.size, result.decided.turns)[voiced], truth[voiced]


def _share_errors(result: Result) -> tuple[float, float]:
    truth = result.script.truth
    right = {label: float(np.mean(truth[truth != NOBODY] == index)) for index, label in enumerate(GENDERS)}
    seconds = result.decided.summaries[-1].speech_seconds
    known = {label: seconds[label] for label in GENDERS}
    return tuple(
        float(np.mean([abs(found.get(label, 0.0) - right[label]) for label in GENDERS]))
        for found in (shares(seconds), shares(known))
    )  # type: ignore[return-value]
