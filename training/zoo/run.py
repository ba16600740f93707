"""`zoo`: every recipe trained, exported and asked about the same windows; then the comparison."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
import numpy.typing as npt

from training.audio import Float32
from training.zoo import lite
from training.zoo.baselines import BASELINES, unscored
from training.zoo.cache import extract
from training.zoo.fit import fit
from training.zoo.measure import scores
from training.zoo.network import log_odds, predict
from training.zoo.outcome import OUTCOME, Outcome
from training.zoo.recipe import Recipe, chosen_names, knows, read_recipe, with_settings
from training.zoo.report import write_report
from training.zoo.sets import RANDOM, Sets, Task, read_sets, tiny
from training.zoo.settings import claim
from training.zoo.shipped import NAMES, shipped
from training.zoo.synthesised import synthesised_sets
from training.zoo.timing import feature_milliseconds, layout
from training.zoo.transfer import with_weights
from training.zoo.windows import Windows

CHECKED = 100  # windows on which Keras and TFLite must agree
QUICK_CLIPS, QUICK_WINDOWS, QUICK_EPOCHS, QUICK_CHECKED = 12, 32, 1, 8


def zoo(recipes: str, data: Path, work: Path, *, settings: Mapping[str, Any], quick: bool, model: Path) -> None:
    """Train what is not trained yet in `work`, and write the comparison to the folder `model`."""
    chosen = read_chosen(recipes, settings)
    sets_of = reader(data, quick=quick)
    for name, recipe in chosen.items():
        run_recipe(name, recipe, sets_of(recipe.task), work, quick=quick)
        keras.backend.clear_session()
    for task in sorted({recipe.task for recipe in chosen.values()}):
        _write(work / NAMES[task], shipped(task, sets_of(task)))
    write_report(work, model)
    print(f"comparison: {model}", flush=True)


def read_chosen(recipes: str, settings: Mapping[str, Any]) -> dict[str, Recipe]:
    """The recipes named, each with those of the settings that it has. Raises UnusableError for what none has."""
    found = {name: read_recipe(name) for name in chosen_names(recipes)}
    for key in settings:
        if not any(knows(recipe, key) for recipe in found.values()):
            with_settings(next(iter(found.values())), {key: settings[key]}, next(iter(found)))  # says what it has
    return {
        name: with_settings(recipe, {key: settings[key] for key in settings if knows(recipe, key)}, name)
        for name, recipe in found.items()
    }


def run_recipe(name: str, recipe: Recipe, sets: Sets, work: Path, *, quick: bool) -> Outcome:
    """The outcome of one recipe: read where it is there, else made in `work`/`name`, where training resumes."""
    folder = work / name
    claim(folder, recipe, (sets.train, sets.validation, *sets.tests.values()))
    if (folder / OUTCOME).exists():
        print(f"{name}: done before", flush=True)
        return msgspec.json.decode((folder / OUTCOME).read_bytes(), type=Outcome)
    if recipe.baseline:
        made = unscored(name, recipe, sets.labels)
        outcome = msgspec.structs.replace(made, scores=scores(sets.tests, BASELINES[recipe.baseline]))
    else:
        outcome = _trained(name, recipe, sets, work, quick=quick)
    _write(folder, outcome)
    return outcome


def _trained(name: str, recipe: Recipe, sets: Sets, work: Path, *, quick: bool) -> Outcome:
    recipe, said = with_weights(recipe, name, work / "weights", download=not quick)
    if quick:
        recipe = with_settings(recipe, {"training.epochs": min(QUICK_EPOCHS, recipe.training.epochs)}, name)
    kinds = [given.features for given in recipe.inputs]

    def features(windows: Windows) -> list[Float32]:
        return [extract(windows.samples, kind, work / "features") for kind in kinds]

    train, folder = features(sets.train), work / name
    network, progress = fit(
        recipe, (train, sets.train.target), (features(sets.validation), sets.validation.target), folder
    )
    answer = log_odds(network)
    checked = [each[: QUICK_CHECKED if quick else CHECKED] for each in features(sets.tests[RANDOM])]
    files = lite.export(answer, train, checked, folder)

    def answered(windows: Windows) -> npt.NDArray[np.floating]:
        return predict(answer, features(windows))

    return Outcome(
        recipe=name, title=recipe.title, seed=recipe.seed, reported=recipe.reported, features=layout(kinds, train),
        labels=sets.labels, parameters=network.count_params(), training_seconds=progress.seconds,
        feature_milliseconds=feature_milliseconds(kinds, sets.train.samples[0]), float32=files["float32"],
        int8=files["int8"], scores=scores(sets.tests, answered), epochs=progress.epochs,
        notes=[*said, *recipe.notes, *_said(recipe, len(progress.epochs), progress.best)],
    )  # fmt: skip


def _said(recipe: Recipe, epochs: int, best: int) -> list[str]:
    most = recipe.training.epochs
    return [f"Epoch {best + 1} of {epochs} is kept ({most} at most, {recipe.training.patience} without a better one)."]


def reader(data: Path, *, quick: bool) -> Callable[[Task], Sets]:
    """A function that reads the sets of a task once; a quick run without data makes its own sounds."""

    @cache
    def sets_of(task: Task) -> Sets:
        if quick and not data.exists():
            return synthesised_sets(task)
        return tiny(read_sets(task, data, clips=QUICK_CLIPS), QUICK_WINDOWS) if quick else read_sets(task, data)

    return sets_of


def _write(folder: Path, outcome: Outcome) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / OUTCOME).write_bytes(msgspec.json.format(msgspec.json.encode(outcome)))
    print(f"{outcome.recipe}: {outcome.scores}", flush=True)
