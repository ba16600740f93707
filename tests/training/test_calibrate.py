"""Probabilities and thresholds from dev: the stated shares of voices pass, and no more children than need be."""

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("keras", reason="training needs TensorFlow: pip install '.[train]'")

from training.calibrate import COVERAGE, LEAST, SPEECH_KEPT, fit
from training.dev import DECIDABLE, LABEL, SPEECH
from training.examples import NO_LOSS
from training.shards import FEATURES, FRAMES, Shard

WINDOWS = 4000
KINDS = ("female", "male", "child", "noise")
TARGETS = np.array([(1, 1, 1), (1, 1, 0), (1, 0, NO_LOSS), (0, NO_LOSS, NO_LOSS)], np.int8)


def _dev(spread: float) -> tuple[Shard, np.ndarray]:
    """Windows of two corpora and two conditions, and logits that are right but for normal noise."""
    rng = np.random.default_rng(1)
    kind = rng.integers(len(KINDS), size=WINDOWS)
    targets = TARGETS[kind]
    logits = np.where(targets == 1, 2.0, -2.0) + spread * rng.standard_normal((WINDOWS, 3))
    origin = np.stack([
        rng.choice(["clean", "gsm"], WINDOWS), rng.choice(["a", "b", "b-remade"], WINDOWS),
        rng.integers(40, size=WINDOWS).astype(str), np.array(KINDS)[kind],
    ], axis=1)  # fmt: skip
    return Shard(np.zeros((WINDOWS, FRAMES, FEATURES.bands), np.float16), targets, origin), logits.astype(np.float32)


@pytest.mark.parametrize("spread", [0.5, 1.0, 1.5])
def test_thresholds_leave_the_stated_coverage(spread: float) -> None:
    """In each corpus of recorded voices COVERAGE of the windows get an answer, of either gender LEAST."""
    shard, logits = _dev(spread)
    found = fit(shard, logits)
    said = [1 / (1 + np.exp(-(o.scale * logits[:, i] + o.bias))) for i, o in enumerate(found.outputs)]
    limits = found.thresholds
    voiced, sure = said[SPEECH] >= limits.speech, np.maximum(said[LABEL], 1 - said[LABEL]) >= limits.label
    answered = voiced & (said[DECIDABLE] >= limits.decidable) & sure
    for corpus in ("a", "b"):
        group = shard.origin[:, 1] == corpus
        assert voiced[group & (shard.targets[:, SPEECH] == 1)].mean() >= SPEECH_KEPT - 0.01
        shares = [answered[group & (shard.origin[:, 3] == gender)].mean() for gender in ("female", "male")]
        assert np.mean(shares) >= COVERAGE
        assert min(shares) >= LEAST
    child = shard.targets[:, DECIDABLE] == 0
    assert answered[child].mean() < answered[shard.targets[:, LABEL] >= 0].mean() - 0.2
