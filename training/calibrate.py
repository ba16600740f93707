"""`calibrate`: logits to probabilities by Platt scaling, and thresholds for a stated coverage, on the dev split."""

from itertools import product
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from models import OutputSpec, Thresholds, UnusableError
from models.spec import Meaning
from training.dev import DECIDABLE, LABEL, SPEECH
from training.examples import REMADE
from training.shards import Shard
from training.train import predict, read_network, read_prepared

SPEECH_LIMITS = (0.05, 0.3)  # of the veto's threshold: beyond it a far voice in a room goes before music does
SPEECH_KEPT = 0.996  # of speech windows pass the model's own veto, in each corpus, all conditions together
COVERAGE = 0.93  # of adults' windows get an answer in each corpus, women and men counting the same
LEAST = 0.88  # the same for either gender: young women and children sound alike, and one threshold parts them
CHILD = 0.2  # a child's window that gets a gender counts as so much of a wrong answer on a grown voice
_MEANINGS: tuple[Meaning, ...] = ("speech", "decidable", "label")
_FILE = "calibration.json"

Logits = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


class Calibration(msgspec.Struct, frozen=True):
    """What `export` writes into the spec."""

    outputs: tuple[OutputSpec, OutputSpec, OutputSpec]
    thresholds: Thresholds


def calibrate(work: Path) -> None:
    """Read the trained network and the dev windows in `work`; writes calibration.json."""
    shard = read_prepared(work, "dev")
    found = fit(shard, predict(read_network(work), shard.log_mel))
    (work / _FILE).write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    print(msgspec.json.encode(found).decode())


def read_calibration(work: Path) -> Calibration:
    """What `calibrate` found."""
    if not (work / _FILE).exists():
        raise UnusableError(f"no {_FILE} in {work}: run `python -m training calibrate` first")
    return msgspec.json.decode((work / _FILE).read_bytes(), type=Calibration)


def fit(shard: Shard, logits: Logits) -> Calibration:
    """Scales, biases and thresholds for `logits` (float32[n, 3]) of the shard's windows."""
    speech, decidable, label = (_platt(shard, logits, column) for column in (SPEECH, DECIDABLE, LABEL))
    voice = _probability(speech, logits, SPEECH)
    limit = _speech_threshold(shard, voice)
    return Calibration((speech, decidable, label), _thresholds(
        shard, limit, voice >= limit, _probability(decidable, logits, DECIDABLE), _probability(label, logits, LABEL),
    ))  # fmt: skip


def _platt(shard: Shard, logits: Logits, column: int) -> OutputSpec:
    """Logistic regression on one logit; every speaker counts the same, and so do the two answers."""
    known = shard.targets[:, column] >= 0
    target, speaker = shard.targets[known, column], shard.origin[known, 2]
    _, place, count = np.unique(speaker, return_inverse=True, return_counts=True)
    weight = 1.0 / count[place]
    for value in (0, 1):
        weight[target == value] /= weight[target == value].sum()
    regression = LogisticRegression().fit(logits[known, column, None], target, weight * len(target))
    scale = max(float(regression.coef_[0, 0]), 1e-3)
    return OutputSpec(meaning=_MEANINGS[column], scale=scale, bias=float(regression.intercept_[0]))


def _probability(output: OutputSpec, logits: Logits, column: int) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-(output.scale * logits[:, column].astype(np.float64) + output.bias))))


def _speech_threshold(shard: Shard, voice: Floats) -> float:
    """What SPEECH_KEPT of the recorded voices of every corpus reach: within SPEECH_LIMITS, in hundredths."""
    least, most = SPEECH_LIMITS
    corpora, found = shard.origin[:, 1], [most]
    for corpus in np.unique(corpora):
        should = (corpora == corpus) & (shard.targets[:, SPEECH] == 1)
        if should.any() and not corpus.endswith(REMADE):
            found.append(float(np.quantile(voice[should], 1.0 - SPEECH_KEPT)))
    return float(np.floor(max(min(found), least) * 100) / 100)


def _thresholds(
    shard: Shard, limit: float, passed: npt.NDArray[np.bool_], decidable: Floats, female: Floats
) -> Thresholds:
    """Of the thresholds on decidable and label that leave COVERAGE, those with the least wrong answers."""
    sure, children = np.maximum(female, 1 - female), shard.targets[:, DECIDABLE] == 0
    known = shard.targets[:, LABEL] >= 0
    wrong = known & ((female > 0.5) != (shard.targets[:, LABEL] == 1))
    corpora, best, least = _grown(shard), (0.05, 0.5), np.inf
    for at_decidable, at_label in product(np.arange(5, 71) / 100, np.arange(50, 96) / 100):
        answered = passed & (decidable >= at_decidable) & (sure >= at_label)
        if not all(_covered(answered, corpus) for corpus in corpora):
            continue
        cost = wrong[answered & known].mean() + (CHILD * answered[children].mean() if children.any() else 0.0)
        if cost < least:
            best, least = (float(at_decidable), float(at_label)), cost
    return Thresholds(speech=limit, decidable=best[0], label=best[1])


def _covered(answered: npt.NDArray[np.bool_], genders: list[npt.NDArray[np.intp]]) -> bool:
    shares = [answered[windows].mean() for windows in genders]
    return bool(np.mean(shares) >= COVERAGE and min(shares) >= LEAST)


def _grown(shard: Shard) -> list[list[npt.NDArray[np.intp]]]:
    """Of each corpus the windows' numbers of its grown recorded voices, in all conditions, by gender."""
    corpora, genders = shard.origin[:, 1], shard.origin[:, 3]
    grown = (shard.targets[:, LABEL] >= 0) & ~np.char.endswith(corpora, REMADE)
    return [
        [np.flatnonzero(grown & (corpora == corpus) & (genders == gender)) for gender in np.unique(genders[grown])]
        for corpus in np.unique(corpora[grown])
    ]
