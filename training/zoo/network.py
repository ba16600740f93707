"""From the layers that a recipe lists to a Keras network, and to the log-odds that ship."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from models import UnusableError
from training.audio import Float32
from training.zoo.recipe import Layer, Recipe
from training.zoo.transfer import vgg16

Tensor = Any  # of Keras' backend

_ANSWERS = ((1, "sigmoid"), (2, "softmax"))  # what a recipe's last layer, a Dense, may be


def build_network(recipe: Recipe, features: Sequence[Float32]) -> keras.Model:
    """The recipe's network on features like `features` (float32[n, …] of each input), those to train on.

    Normalization layers get their mean and variance from these. Raises UnusableError for a layer that Keras refuses.
    """
    inputs = [keras.Input(each.shape[1:], name=f"input_{number}") for number, each in enumerate(features)]
    branches = []
    for number, (tensor, given) in enumerate(zip(inputs, recipe.inputs, strict=True)):
        x = tensor
        for place, layer in enumerate(given.layers):
            x = _add(x, layer, f"inputs.{number}.layers.{place}", tensor, features[number])
        branches.append(x)
    x = branches[0] if len(branches) == 1 else keras.layers.Concatenate()(branches)
    for place, layer in enumerate(recipe.layers):
        x = _add(x, layer, f"layers.{place}", inputs, list(features))
    network = keras.Model(inputs, x)
    _refuse_other_answers(network)
    return network


def answers_by_softmax(network: keras.Model) -> bool:
    """Whether the network gives the probability of both labels, in their order, rather than of the first."""
    return network.output_shape[-1] == 2


def log_odds(network: keras.Model) -> keras.Model:
    """The network without its last squashing: the same inputs to the log-odds of the first label, float32[n, 1]."""
    last = network.layers[-1]
    kernel, bias = last.get_weights()
    if answers_by_softmax(network):
        kernel, bias = kernel[:, :1] - kernel[:, 1:], bias[:1] - bias[1:]
    answer = keras.layers.Dense(1, name="log_odds")
    found = keras.Model(network.inputs, answer(last.input))
    answer.set_weights([kernel, bias])
    return found


def predict(network: keras.Model, features: Sequence[Float32]) -> Float32:
    """What a network with one output says of features float32[n, …]: float32[n]."""
    return np.asarray(network.predict(list(features), batch_size=64, verbose=0))[:, 0]


def _add(x: Tensor, layer: Layer, where: str, inputs: Tensor, features: Float32 | list[Float32]) -> Tensor:
    """`x` through the layer that the recipe has at `where`."""
    name, arguments = layer["layer"], {key: value for key, value in layer.items() if key != "layer"}
    try:
        if name == "VGG16":
            return vgg16(x.shape[1:], **arguments)(x)
        made = _class(name, where)(**arguments)
        if name == "Normalization":
            made = _fitted(made, x, inputs, features)
        return made(x)
    except (TypeError, ValueError) as error:
        raise UnusableError(f"{where} ({name}): {str(error).splitlines()[0]}") from error


def _class(name: str, where: str) -> type[keras.layers.Layer]:
    found = getattr(keras.layers, name, None)
    if not (isinstance(found, type) and issubclass(found, keras.layers.Layer)):
        raise UnusableError(f"{where}: {name!r} is no layer: expected VGG16 or a class of keras.layers, such as Dense")
    return found


def _fitted(made: keras.layers.Normalization, x: Tensor, inputs: Tensor, features: Any) -> keras.layers.Layer:
    """The Normalization with the mean and variance of what reaches it from `features`."""
    values = features if x is inputs else keras.Model(inputs, x).predict(features, batch_size=64, verbose=0)
    kept = tuple(np.atleast_1d(made.axis) % values.ndim) if made.axis is not None else ()
    over = tuple(axis for axis in range(values.ndim) if axis not in kept)
    mean, variance = values.mean(over, np.float64), values.var(over, np.float64)
    return keras.layers.Normalization(axis=made.axis, mean=mean.tolist(), variance=variance.tolist())


def _refuse_other_answers(network: keras.Model) -> None:
    last = network.layers[-1]
    is_dense = isinstance(last, keras.layers.Dense)
    if not is_dense or (last.units, keras.activations.serialize(last.activation)) not in _ANSWERS:
        raise UnusableError(
            f"the last layer is {last.name}: expected a Dense of 1 unit with sigmoid or of 2 with softmax"
        )
