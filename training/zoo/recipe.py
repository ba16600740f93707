"""A recipe: features, network and training settings of one classifier, as a file of `recipes/` declares them."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from models import UnusableError
from models.spec import Count, Positive
from training.zoo.features import Feature, contradiction

FOLDER = Path(__file__).parent / "recipes"

Layer = dict[str, Any]
"""`layer`, a class of keras.layers or of training.zoo.layers by its name, and its arguments by theirs."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a recipe; a key it does not know is an error."""


class Input(_Part, frozen=True):
    """What the network is given, and the layers that this goes through before it is joined with other inputs."""

    features: Feature
    layers: tuple[Layer, ...] = ()


class Training(_Part, frozen=True):
    """How the network learns."""

    optimizer: str = "Adam"  # a class of keras.optimizers
    rate: Positive = 1e-3
    momentum: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.0  # of SGD and RMSprop
    loss: str = "binary_crossentropy"
    batch: Count = 32
    epochs: Count = 30  # at most
    patience: Count = 8  # epochs without a better one by validation, after which no more follow
    metrics: tuple[str, ...] = ()  # classes of keras.metrics, beside the accuracy


class Recipe(_Part, frozen=True):
    """One classifier. Its last layer has one sigmoid (of the first label) or a softmax of two (the labels' order)."""

    title: str
    seed: str = ""  # the project and year that the idea is from
    reported: str = ""  # the seed's own number
    task: Literal["gender", "voice"] = "gender"  # female or male; a voice or none
    baseline: Literal["random", "one-class"] | None = None  # answers without a network
    inputs: tuple[Input, ...] = ()
    layers: tuple[Layer, ...] = ()  # after the inputs are joined
    training: Training = Training()
    without_weights: dict[str, Any] = {}  # settings that hold where a layer's weights cannot be had
    notes: tuple[str, ...] = ()  # to be read beside the numbers


def recipe_names() -> list[str]:
    """All recipes there are, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def chosen_names(wanted: str) -> list[str]:
    """The recipes that a comma-separated list, or `all`, names. Raises UnusableError for one there is not."""
    names = recipe_names() if wanted == "all" else [name.strip() for name in wanted.split(",")]
    for name in names:
        if name not in recipe_names():
            raise UnusableError(f"{name!r} is no recipe: expected `all` or some of {', '.join(recipe_names())}")
    return names


def read_recipe(name: str) -> Recipe:
    """The recipe called `name`."""
    (name,) = chosen_names(name)
    return parse_recipe((FOLDER / f"{name}.toml").read_text("utf-8"), f"{name}.toml")


def parse_recipe(text: str, where: str) -> Recipe:
    """The recipe that the TOML `text` declares; `where` it stands. Raises UnusableError where it does not fit."""
    try:
        return _checked(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise UnusableError(f"{where} is no TOML: {error}") from error


def read_settings(texts: Iterable[str]) -> dict[str, Any]:
    """`key=value` as from the command line; a value is TOML, or else a string."""
    settings = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise UnusableError(f"--set {text!r}: expected key=value, such as training.rate=1e-4")
        try:
            settings[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            settings[key.strip()] = value
    return settings


def with_settings(recipe: Recipe, settings: Mapping[str, Any], where: str) -> Recipe:
    """`recipe` with other values for the settings whose dotted keys, or unambiguous ends of them, are given.

    A layer takes any argument by its whole key; Keras says whether it fits. Raises UnusableError for an unknown key.
    """
    content = plain(recipe)
    for key, value in settings.items():
        path = _path(content, key, where)
        content["without_weights"].pop(path, None)  # who sets it means it
        *parents, last = path.split(".")
        at: Any = content
        for part in parents:
            at = at[int(part)] if isinstance(at, list) else at[part]
        at[last] = value
    return _checked(content, f"{where} --set {' '.join(settings)}" if settings else where)


def knows(recipe: Recipe, key: str) -> bool:
    """Whether the recipe has a setting that `key` names."""
    content = plain(recipe)
    return bool(_fitting(content, key)) or _is_argument(content, key)


def plain(recipe: Recipe) -> dict[str, Any]:
    """All settings of the recipe, the defaults too, as dicts and lists."""
    content: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(recipe))
    return content


def _checked(content: object, where: str) -> Recipe:
    try:
        recipe = msgspec.convert(content, Recipe)
    except msgspec.ValidationError as error:
        raise UnusableError(f"{where} is no recipe: {error}") from error
    layers = [*recipe.layers, *(layer for given in recipe.inputs for layer in given.layers)]
    if unnamed := [layer for layer in layers if not isinstance(layer.get("layer"), str)]:
        raise UnusableError(f"{where} is no recipe: {unnamed[0]} names no `layer`: expected one of keras.layers")
    if problems := [problem for given in recipe.inputs if (problem := contradiction(given.features))]:
        raise UnusableError(f"{where} is no recipe: {problems[0]}")
    if bool(recipe.baseline) == bool(recipe.inputs and recipe.layers):
        raise UnusableError(f"{where} is no recipe: expected inputs and layers, or else a baseline")
    return recipe


def _path(content: dict[str, Any], key: str, where: str) -> str:
    """The whole key of the setting that `key` means."""
    fitting = _fitting(content, key)
    if len(fitting) > 1:
        raise UnusableError(f"--set {key}: {where} has {', '.join(fitting)}: expected one of these whole keys")
    if not fitting and not _is_argument(content, key):
        known = ", ".join(path for path in _leaves(content) if path.startswith("training."))
        raise UnusableError(f"--set {key}: {where} has no such setting: expected {known} or another key of its file")
    return fitting[0] if fitting else key


def _fitting(content: dict[str, Any], key: str) -> list[str]:
    leaves = [path for path in _leaves(content) if not path.startswith("without_weights.")]
    return [key] if key in leaves else [path for path in leaves if path.endswith(f".{key}")]


def _is_argument(content: dict[str, Any], key: str) -> bool:
    """Whether `key` is the whole key of a layer's argument that the recipe leaves to Keras."""
    layer = ".".join(key.split(".")[:-1])
    return f"{layer}.layer" in _leaves(content)


def _leaves(content: dict[str, Any] | list[Any], before: str = "") -> list[str]:
    """The dotted keys of all settings that are no tables."""
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    found = []
    for key, value in pairs:
        nested = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value))
        found += _leaves(value, f"{before}{key}.") if nested else [f"{before}{key}"]
    return found
