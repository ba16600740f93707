"""`tune`: one recipe with every optimiser and every loss, as its seed compared them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import msgspec

from models import UnusableError
from training.zoo.cache import extract
from training.zoo.fit import compile_network, expected, fit
from training.zoo.recipe import Recipe, read_recipe, with_settings
from training.zoo.report import Trial, draw_tuning
from training.zoo.sets import Sets
from training.zoo.settings import claim

RATES = {  # of Keras in the seed's year
    "SGD": 0.01, "RMSprop": 0.001, "Adagrad": 0.01, "Adadelta": 1.0, "Adam": 0.001, "Adamax": 0.002, "Nadam": 0.002,
}  # fmt: skip
LOSSES = (
    "binary_crossentropy", "mean_squared_error", "mean_absolute_error", "mean_squared_logarithmic_error",
    "squared_hinge", "hinge", "poisson", "cosine_similarity",
)  # fmt: skip
METRICS = ("Precision", "Recall", "AUC", "MeanSquaredError")
_RESULTS, _TRIAL = "tuning.json", "trial.json"
_QUICK = 2  # optimisers, and losses


def tune(name: str, sets: Sets, work: Path, *, settings: Mapping[str, Any], quick: bool) -> None:
    """Train the recipe with each pair; results and pictures go to `work`. Goes on where it was interrupted."""
    recipe = with_settings(read_recipe(name), settings, name)
    if recipe.baseline or recipe.layers[-1].get("activation") != "sigmoid":
        raise UnusableError(f"{name} has no sigmoid at its end: expected a recipe with one, such as spectral-ann")
    claim(work, recipe, (sets.train, sets.validation))
    optimizers, losses = list(RATES)[: _QUICK if quick else None], LOSSES[: _QUICK if quick else None]
    trials = []
    for number, (optimizer, loss) in enumerate((a, b) for a in optimizers for b in losses):
        print(f"{number + 1} of {len(optimizers) * len(losses)}: {optimizer}, {loss}", flush=True)
        change = {"optimizer": optimizer, "rate": RATES[optimizer], "loss": loss, "metrics": list(METRICS)}
        changed = with_settings(recipe, {f"training.{key}": value for key, value in change.items()}, name)
        trials.append(_trial(changed, sets, work, work / f"{optimizer}-{loss}"))
    (work / _RESULTS).write_bytes(msgspec.json.format(msgspec.json.encode(trials)))
    draw_tuning(trials, work)
    best = max(trials, key=lambda trial: trial.accuracy)
    print(f"best: {best.optimizer}, {best.loss}: {best.accuracy:.3f}; {work / _RESULTS} and pictures beside it")


def _trial(recipe: Recipe, sets: Sets, work: Path, folder: Path) -> Trial:
    """One training: its best epoch by validation, measured on validation."""
    path = folder / _TRIAL
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Trial)
    train, validation = (
        [extract(windows.samples, given.features, work / "features") for given in recipe.inputs]
        for windows in (sets.train, sets.validation)
    )
    network, progress = fit(recipe, (train, sets.train.target), (validation, sets.validation.target), folder)
    compile_network(network, recipe.training)
    found = network.evaluate(validation, expected(network, sets.validation.target), return_dict=True, verbose=0)
    accuracy, loss = float(found.pop("accuracy")), float(found.pop("loss"))
    values = {name: float(value) for name, value in found.items()}
    trial = Trial(recipe.training.optimizer, recipe.training.loss, values, accuracy, loss, progress.seconds)
    path.write_bytes(msgspec.json.encode(trial))
    keras.backend.clear_session()
    return trial
