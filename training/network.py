"""The network: log-mel in dB to three logits, small enough for a thousand streams on one machine.

Level, line and microphone are taken out inside, so that the TFLite file takes the kernel's raw log-mel.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

Tensor = Any  # of Keras' backend

FLOOR_DB = -80.0  # below a window's loudest band: what lies lower is the recording's noise, not the voice
SCALE_DB = 20.0  # brings dB to about ±1
WIDTH = 96  # of the last frame-wise layer
STAGES = ((16, (2, 2)), (32, (2, 2)), (64, (2, 2)), (64, (1, 1)), (64, (1, 1)))  # channels, stride (time, band)


@keras.saving.register_keras_serializable("genderstream")
class Level(layers.Layer):
    """float32[n, frames, bands] in dB to [n, frames, bands, 1], free of level: the window's mean is at 0."""

    def call(self, log_mel: Tensor) -> Tensor:
        """Normalise; see the class."""
        below_peak = ops.maximum(log_mel - ops.max(log_mel, axis=(1, 2), keepdims=True), FLOOR_DB)
        return ops.expand_dims((below_peak - ops.mean(below_peak, axis=(1, 2), keepdims=True)) / SCALE_DB, -1)


@keras.saving.register_keras_serializable("genderstream")
class Colour(layers.Layer):
    """Each band's mean over time: [n, frames, bands, 1] to [n, 1, bands, 1].

    What a line and a microphone do to every frame alike, with some of the voice. A convolution of it,
    added to the first one's output, lets the network take out as much of it as helps.
    """

    def call(self, x: Tensor) -> Tensor:
        """Average; see the class."""
        return ops.mean(x, axis=1, keepdims=True)


@keras.saving.register_keras_serializable("genderstream")
class Statistics(layers.Layer):
    """Mean and mean absolute deviation over time: [n, frames, 1, channels] to [n, 2 * channels].

    The deviation is absolute, not squared: it survives int8.
    """

    def call(self, x: Tensor) -> Tensor:
        """Pool; see the class."""
        mean = ops.mean(x, axis=1, keepdims=True)
        spread = ops.mean(ops.abs(x - mean), axis=1, keepdims=True)
        pooled = ops.concatenate([mean, spread], axis=-1)
        return ops.reshape(pooled, (-1, pooled.shape[-1]))


def build_network(frames: int, bands: int, stages: Sequence[tuple[int, tuple[int, int]]] = STAGES) -> keras.Model:
    """Raw log-mel float32[n, frames, bands] to logits float32[n, 3]: speech, decidable, label."""
    log_mel = keras.Input((frames, bands), name="log_mel")
    level = Level()(log_mel)
    (channels, stride), *rest = stages
    x = layers.Conv2D(channels, (3, 5), stride, "same", use_bias=False)(level)
    colour = layers.Conv2D(channels, (1, 5), (1, stride[1]), "same", use_bias=False)(Colour()(level))
    x = layers.ReLU(6.0)(layers.Add()([_standardised(x), colour]))  # in this order it folds into the convolutions
    for channels, stride in rest:
        x = _separable(x, channels, stride)
    # All bands at once, not pooled: pitch and formants are places.
    x = _normalised(layers.Conv2D(WIDTH, (1, x.shape[2]), use_bias=False)(x))
    x = layers.Dropout(0.2)(Statistics()(x))
    x = layers.Dropout(0.2)(layers.Dense(48, activation="relu")(x))
    return keras.Model(log_mel, layers.Dense(3, name="logits")(x), name="voice")


def _separable(x: Tensor, channels: int, stride: tuple[int, int]) -> Tensor:
    """Depthwise 3 by 3, then pointwise; a shortcut where the shape stays."""
    y = layers.DepthwiseConv2D(3, stride[0] if stride[0] == stride[1] else 1, "same", use_bias=False)(x)
    if stride[0] != stride[1]:
        y = layers.AveragePooling2D(stride, padding="same")(y)
    y = _normalised(layers.Conv2D(channels, 1, use_bias=False)(_normalised(y)))
    return layers.Add()([x, y]) if y.shape == x.shape else y


def _normalised(x: Tensor) -> Tensor:
    return layers.ReLU(6.0)(_standardised(x))


def _standardised(x: Tensor) -> Tensor:
    return layers.BatchNormalization(momentum=0.95)(x)
