"""`calibrate`: logits to probabilities by Platt scaling, and thresholds for a stated risk, on the dev split."""

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

SPEECH_KEPT = 0.985  # of speech windows pass the model's own veto, in each corpus and gender
ADULTS_KEPT = 0.92  # of adults' windows count as decidable, in each corpus and gender
RISK = 0.02  # of the answered windows may be wrong …
COVERAGE = 0.93  # … unless fewer than these would be answered
_MEANINGS: tuple[Meaning, ...] = ("speech", "decidable", "label")
_FILE = "calibration.json"

Logits = npt.NDArray[np.float32]


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
    return Calibration((speech, decidable, label), Thresholds(
        speech=_keeping(shard, _probability(speech, logits, SPEECH), SPEECH, SPEECH_KEPT),
        decidable=_keeping(shard, _probability(decidable, logits, DECIDABLE), DECIDABLE, ADULTS_KEPT),
        label=_label_threshold(shard, _probability(label, logits, LABEL)),
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


def _probability(output: OutputSpec, logits: Logits, column: int) -> npt.NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-(output.scale * logits[:, column].astype(np.float64) + output.bias))))


def _keeping(shard: Shard, probabilities: npt.NDArray[np.float64], column: int, share: float) -> float:
    """The threshold that `share` of what should reach it do, in every corpus of recorded voices and of each gender.

    Between 0.05 and 0.5, in hundredths.
    """
    corpora, genders, found = shard.origin[:, 1], shard.origin[:, 3], [0.5]
    for corpus, gender in product(np.unique(corpora), np.unique(genders)):
        should = (corpora == corpus) & (genders == gender) & (shard.targets[:, column] == 1)
        if should.any() and not corpus.endswith(REMADE):
            found.append(float(np.quantile(probabilities[should], 1.0 - share)))
    return float(np.floor(max(min(found), 0.05) * 100) / 100)


def _label_threshold(shard: Shard, female: npt.NDArray[np.float64]) -> float:
    """The lowest threshold on the likelier label at which RISK is met, while COVERAGE is."""
    known = shard.targets[:, LABEL] >= 0
    sure = np.maximum(female, 1 - female)[known]
    wrong = ((female > 0.5) != (shard.targets[:, LABEL] == 1))[known]
    best = 0.5
    for threshold in np.arange(0.5, 0.96, 0.01):
        answered = sure >= threshold
        if answered.mean() < COVERAGE:
            break
        best = float(round(threshold, 2))
        if wrong[answered].mean() <= RISK:
            break
    return best
