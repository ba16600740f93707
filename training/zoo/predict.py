"""`predict`: what a trained recipe says of files."""

from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np

from models import UnusableError
from training.audio import read_audio
from training.zoo.features import compute
from training.zoo.fit import BEST, read_progress
from training.zoo.network import log_odds, predict
from training.zoo.recipe import Recipe, chosen_names
from training.zoo.sets import LABELS
from training.zoo.settings import read_trained
from training.zoo.windows import cut_windows


def predict_files(name: str, files: Iterable[Path], work: Path) -> None:
    """Print label and probability of each file by the recipe that was trained in `work`, a line a file.

    The log-odds of a file are the mean over its windows; `unknown` where there is none with speech.
    """
    (name,) = chosen_names(name)
    recipe, labels = _trained(work / name)
    network = log_odds(keras.saving.load_model(work / name / BEST))
    for path in files:
        windows = cut_windows(read_audio(path), gate=recipe.task == "gender")
        if not len(windows):
            print(f"{path}\tunknown\t-")
            continue
        features = [compute(windows, given.features) for given in recipe.inputs]
        first = 1 / (1 + np.exp(-float(predict(network, features).mean())))
        print(f"{path}\t{labels[0] if first > 0.5 else labels[1]}\t{max(first, 1 - first):.3f}")


def _trained(folder: Path) -> tuple[Recipe, tuple[str, str]]:
    recipe = read_trained(folder)
    if recipe.baseline:
        raise UnusableError(f"{folder.name} is a baseline without a network: expected a recipe with one")
    if not read_progress(folder).done:
        raise UnusableError(f"{folder} is not trained to its end: run `python -m training zoo` again")
    return recipe, LABELS[recipe.task]
