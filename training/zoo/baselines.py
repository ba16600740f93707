"""What needs no network: a coin, and always the same answer."""

import numpy as np
import numpy.typing as npt

from training.zoo.measure import Answer
from training.zoo.outcome import Exported, Outcome
from training.zoo.recipe import Recipe
from training.zoo.windows import Windows

_NOTHING = Exported(reason="nothing to convert")


def toss(windows: Windows) -> npt.NDArray[np.floating]:
    """A coin for each window."""
    return np.random.default_rng(1).uniform(-1.0, 1.0, len(windows))


def always_first(windows: Windows) -> npt.NDArray[np.floating]:
    """The first label."""
    return np.ones(len(windows))


BASELINES: dict[str, Answer] = {"random": toss, "one-class": always_first}


def unscored(name: str, recipe: Recipe, labels: tuple[str, str]) -> Outcome:
    """All there is to say of a baseline, before it is scored."""
    return Outcome(
        recipe=name, title=recipe.title, seed=recipe.seed, reported=recipe.reported, features="none", labels=labels,
        parameters=0, training_seconds=0.0, feature_milliseconds=0.0, float32=_NOTHING, int8=_NOTHING, scores={},
        epochs=[], notes=list(recipe.notes),
    )  # fmt: skip
