"""`train --recipe`: a classifier of any two folders of sounds, as a model folder that the daemon runs."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from models import ModelSpec, OutputSpec, Smoothing, Thresholds, UnusableError, write_spec
from models.spec import Name, TrainingRecord
from training.audio import RATE, WINDOW
from training.corpora import Recording
from training.corpora.folders import class_of, read_folders
from training.corpora.speakers import lot
from training.export import commit, write_files
from training.zoo import lite
from training.zoo.cache import extract
from training.zoo.features import STREAMED, kind_of
from training.zoo.fit import fit
from training.zoo.measure import score
from training.zoo.network import log_odds, predict
from training.zoo.recipe import Recipe, read_recipe, with_settings
from training.zoo.settings import claim
from training.zoo.transfer import with_weights
from training.zoo.windows import Windows, balanced, read_windows

Gate = Literal["vad", "none"]
HELD_OUT = 0.2  # of the sources of each label choose the epoch, the calibration and the threshold
COVERAGE = 0.92  # of the held-out windows get a label, as with the shipped model
MOST = 4000  # windows to learn from
CHECKED = 100  # windows on which Keras and TFLite must agree


def train_own(
    name: str, folders: tuple[Path, Path], labels: tuple[str, str], *, gate: Gate, model: Path, work: Path,
    settings: Mapping[str, Any], seed: int,
) -> None:  # fmt: skip
    """Train the recipe on the sounds in two folders, the labels in their order, and write the folder `model`.

    Raises UnusableError where the stream does not compute the recipe's features, before anything is trained.
    """
    recipe = with_settings(read_recipe(name), settings, name)
    refuse_unstreamed(name, recipe)
    _refuse_names(labels, model)
    root = Path(os.path.commonpath([folder.resolve() for folder in folders]))
    recordings = read_folders(root, classes=_below(root, folders, labels))
    train, held = _windows(root, recordings, labels, gate)
    claim(work / name, recipe, (train, held))
    recipe, _ = with_weights(recipe, name, work / "weights", download=True)
    feature = recipe.inputs[0].features
    heard, asked = (extract(each.samples, feature, work / "features") for each in (train, held))
    network, _ = fit(recipe, ([heard], train.target), ([asked], held.target), work / name, seed=seed)
    answer = log_odds(network)
    files = lite.export(answer, [heard], [asked[:CHECKED]], work / name)
    said = predict(answer, [asked])
    output = _platt(said, held.target)
    write_spec(model, ModelSpec(
        name=model.resolve().name, labels=labels, gate=gate, sample_rate=RATE, window=WINDOW, features=feature,
        outputs=(output,), thresholds=Thresholds(label=_threshold(said, output)), smoothing=Smoothing(),
        files=write_files(model, {precision: (work / name / lite.FILES[precision]).read_bytes()
                                  for precision, file in files.items() if not file.reason}),
        training=TrainingRecord(commit=commit(), data_digest=_digest(root, recordings), recipe=name),
    ))  # fmt: skip
    print(f"held out: {score(held, said)}\n{files}\nrun it: genderstream run --model {model}", flush=True)


def refuse_unstreamed(name: str, recipe: Recipe) -> None:
    """Raises UnusableError for a recipe that the daemon could not give its features."""
    kinds = [given.features for given in recipe.inputs]
    if len(kinds) != 1 or not isinstance(kinds[0], STREAMED):
        streamed = ", ".join(kind_of(kind) for kind in STREAMED)
        raise UnusableError(
            f"{name} hears {' and '.join(kind_of(type(kind)) for kind in kinds) or 'nothing'}, "
            f"and the stream computes one of {streamed}: choose a recipe of these"
        )


def _refuse_names(labels: tuple[str, str], model: Path) -> None:
    try:
        msgspec.convert((*labels, model.resolve().name), tuple[Name, Name, Name])
    except msgspec.ValidationError as error:
        raise UnusableError(f"labels {labels} and model {model}: expected names of letters, digits, `.`, `_` and `-`, "
                            "64 at most; give other ones") from error  # fmt: skip
    if labels[0] == labels[1] or "unknown" in labels:
        raise UnusableError(f"labels are {labels}: expected two different names, neither of them `unknown`")


def _below(root: Path, folders: tuple[Path, Path], labels: tuple[str, str]) -> dict[str, str]:
    first, second = (folder.resolve().relative_to(root).as_posix() for folder in folders)
    if "." in (first, second):
        raise UnusableError(f"folders {folders[0]} and {folders[1]}: one lies in the other; expected two apart")
    return {labels[0]: first, labels[1]: second}


def _windows(
    root: Path, recordings: list[Recording], labels: tuple[str, str], gate: Gate
) -> tuple[Windows, Windows]:  # fmt: skip
    """Windows to learn from, and of sources that are held out; as many of either label."""
    held = _held_out(recordings, labels)
    rng = np.random.default_rng(1)
    found = []
    for is_held, what in ((False, "to learn from"), (True, "held out")):
        of = [[row for row in recordings if class_of(row) == label and (_source(row) in held) == is_held]
              for label in labels]  # fmt: skip
        windows = read_windows(root, (of[0], of[1]), gate=gate == "vad")
        found.append(balanced(windows, MOST, rng, f"{labels[0]} and {labels[1]}, {what}"))
    return found[0], found[1]


def _held_out(recordings: list[Recording], labels: tuple[str, str]) -> set[str]:
    """A share of each label's sources, drawn by hash; a source of both labels is held out of both."""
    held: set[str] = set()
    for label in labels:
        sources = sorted({_source(row) for row in recordings if class_of(row) == label}, key=lot)
        if len(sources) < 2:
            raise UnusableError(f"{label} is of one source, {sources[0]}: expected at least two, one to be held out")
        held |= set(sources[: max(1, round(HELD_OUT * len(sources)))])
    return held


def _source(recording: Recording) -> str:
    return recording.speaker or recording.path


def _platt(said: npt.NDArray[np.floating], target: npt.NDArray[np.int8]) -> OutputSpec:
    """Log-odds to probabilities by logistic regression."""
    regression = LogisticRegression().fit(said[:, None], target)
    scale = max(float(regression.coef_[0, 0]), 1e-3)
    return OutputSpec(meaning="label", scale=scale, bias=float(regression.intercept_[0]))


def _threshold(said: npt.NDArray[np.floating], output: OutputSpec) -> float:
    """What COVERAGE of the windows reach, between 0.5 and 0.9, in hundredths."""
    first = 1 / (1 + np.exp(-(output.scale * said + output.bias)))
    reached = np.quantile(np.maximum(first, 1 - first), 1 - COVERAGE)
    return float(np.floor(np.clip(reached, 0.5, 0.9) * 100) / 100)


def _digest(root: Path, recordings: list[Recording]) -> str:
    digest = hashlib.sha256()
    for recording in recordings:
        digest.update(msgspec.json.encode(recording))
        digest.update((root / recording.path).read_bytes())
    return digest.hexdigest()
