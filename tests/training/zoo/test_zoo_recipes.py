"""Recipes as files: read, checked, set otherwise."""

import pytest

pytest.importorskip("librosa", reason="the zoo needs librosa: pip install '.[train]'")
pytest.importorskip("soxr")

from models import UnusableError
from training.zoo.features import STREAMED, kind_of
from training.zoo.recipe import (
    chosen_names,
    knows,
    parse_recipe,
    plain,
    read_recipe,
    read_settings,
    recipe_names,
    with_settings,
)
from training.zoo.sets import LABELS

ASKED_FOR = {
    "spectral-ann", "chroma-cnn", "mandel-cnn", "chroma-lstm", "vgg16-transfer", "multi-feature", "wave-cnn",
    "wave-cnn-as-run", "wave-lstm", "wave-lstm-as-run", "spectrogram-cnn", "spectrogram-cnn-as-run",
    "spectrogram-lstm", "spectrogram-lstm-as-run", "mfcc-lstm", "voice-presence", "random", "one-class",
}  # fmt: skip
WHOLE = """
title = "One layer"
[[inputs]]
features = { kind = "chroma" }
[[layers]]
layer = "Flatten"
[[layers]]
layer = "Dense"
units = 1
activation = "sigmoid"
"""


def test_every_classifier_of_the_seeds_has_a_recipe() -> None:
    """All recipes that were asked for are there, and `all` names them."""
    assert set(recipe_names()) == ASKED_FOR
    assert chosen_names("all") == recipe_names()


@pytest.mark.parametrize("name", sorted(ASKED_FOR))
def test_every_recipe_says_where_it_is_from(name: str) -> None:
    """A recipe is read whole, and has a title and a seed."""
    recipe = read_recipe(name)
    assert recipe.title
    assert recipe.seed
    assert recipe.task in LABELS


def test_what_is_streamed_is_what_the_stream_computes() -> None:
    """The four streamable kinds go by the names that a model's spec knows them by."""
    assert {kind_of(kind) for kind in STREAMED} == {"wave", "log-spectrogram", "log-mel", "mfcc"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("title =", "titel ="), "titel"),
        (('kind = "chroma"', 'kind = "chrome"'), "chrome"),
        (('kind = "chroma"', 'kind = "chroma", hops = 3'), "hops"),
        (('layer = "Flatten"', 'lager = "Flatten"'), "names no `layer`"),
        (("[[inputs]]", 'baseline = "random"\n[[inputs]]'), "or else a baseline"),
        (("[[inputs]]", "[[inputs]"), "is no TOML"),
        (('"chroma"', '"mfcc", coefficients = 65'), "coefficients are 65: expected at most as many as bands (64)"),
        (('"chroma"', '"log-mel", fft = 500'), "fft is 500: expected a power of two"),
        (('"chroma"', '"log-mel", frame = 514'), "frame is 514 samples: expected an even number up to fft (512)"),
        (('"chroma"', '"chroma", frame = 32001'), "expected at most a window"),
        (('"chroma"', '"spectral-contrast", f_min = 300.0'), "6 octaves from 300.0 Hz reach beyond 8000 Hz"),
        (("units = 1", "units = 1\n[training]\nrate = -1.0"), "rate"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(change: tuple[str, str], said: str) -> None:
    """Unknown keys, kinds and parameters, and values out of range, are named in one line."""
    with pytest.raises(UnusableError) as refused:
        parse_recipe(WHOLE.replace(*change), "x.toml")
    assert "x.toml" in str(refused.value)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_unknown_recipe_is_refused() -> None:
    """A name that is no recipe's is refused with those that are."""
    with pytest.raises(UnusableError, match="'mandel' is no recipe: expected `all` or some of chroma-cnn"):
        chosen_names("random,mandel")


def test_settings_change_what_they_name_and_nothing_else() -> None:
    """A whole dotted key, an unambiguous end of one, or a layer's argument; all else stays."""
    recipe = parse_recipe(WHOLE, "x")
    settings = read_settings(["training.rate=1e-4", "epochs=3", "layers.1.use_bias=false", "optimizer=SGD", "hop=160"])
    changed = with_settings(recipe, settings, "x")
    wanted = plain(recipe)
    wanted["training"] |= {"rate": 1e-4, "epochs": 3, "optimizer": "SGD"}
    wanted["layers"][1]["use_bias"] = False
    wanted["inputs"][0]["features"]["hop"] = 160
    assert plain(changed) == wanted
    assert with_settings(recipe, {}, "x") == recipe


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speed=2", "--set speed: x has no such setting"),
        ("layers.7.units=2", "--set layers.7.units: x has no such setting"),
        ("training.epochs=0", "epochs"),
        ("training.epochs=many", "epochs"),
        ("epochs", "expected key=value"),
        ("layer=Dense", "layers.0.layer, layers.1.layer: expected one of these whole keys"),
    ],
)
def test_unknown_settings_are_refused_in_one_line(text: str, said: str) -> None:
    """A key that the recipe has not, or has twice, and a value that does not fit, are named in one line."""
    with pytest.raises(UnusableError) as refused:
        with_settings(parse_recipe(WHOLE, "x"), read_settings([text]), "x")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_recipe_knows_its_own_settings() -> None:
    """What can be set is known, what cannot be is not."""
    recipe = parse_recipe(WHOLE, "x")
    assert knows(recipe, "rate")
    assert knows(recipe, "layers.0.name")
    assert not knows(recipe, "weights")
    assert knows(read_recipe("vgg16-transfer"), "weights")


def test_what_a_user_sets_holds_without_weights_too() -> None:
    """A setting of one's own is not undone where a base's weights are missing; the others are as the recipe says."""
    recipe = with_settings(read_recipe("vgg16-transfer"), {"training.epochs": 3, "frozen": 7}, "x")
    assert recipe.training.epochs == 3
    assert recipe.layers[4]["frozen"] == 7
    assert not {"training.epochs", "layers.4.frozen"} & set(recipe.without_weights)
    assert recipe.without_weights["layers.4.weights"] == ""
