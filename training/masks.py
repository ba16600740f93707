"""What is done to log-mel batches while training: another colour, holes in time and band, a raised floor."""

import numpy as np
import tensorflow as tf

from training.shards import FEATURES, FRAMES

COLOUR_DB = (3.0, 2.5, 2.0)  # standard deviations of the cosines over the bands that make a random colour
_SILENCE_DB = -120.0  # below the network's floor
_BANDS = FEATURES.bands
_COSINES = np.cos(np.pi * np.outer(np.arange(1, 4), (np.arange(_BANDS) + 0.5) / _BANDS)).astype(np.float32)


def disturb(log_mel: tf.Tensor) -> tf.Tensor:
    """A batch float32[n, frames, bands] in dB, each window disturbed in its own way."""
    n = tf.shape(log_mel)[0]
    weights = tf.random.normal((n, len(COLOUR_DB))) * tf.constant(COLOUR_DB)
    x = log_mel + tf.matmul(weights, tf.constant(_COSINES))[:, None, :]
    peak = tf.reduce_max(x, axis=(1, 2), keepdims=True)
    x = tf.where(_some(n, 0.3), tf.maximum(x, peak - tf.random.uniform((n, 1, 1), 35.0, 80.0)), x)
    x = tf.where(_some(n, 0.4) & _hole(n, FRAMES, 40)[:, :, None], _SILENCE_DB, x)
    return tf.where(_some(n, 0.4) & _hole(n, _BANDS, 8)[:, None, :], _SILENCE_DB, x)


def _some(n: tf.Tensor, share: float) -> tf.Tensor:
    """Which windows it happens to: bool[n, 1, 1]."""
    return tf.random.uniform((n, 1, 1)) < share


def _hole(n: tf.Tensor, size: int, widest: int) -> tf.Tensor:
    """One run of up to `widest` places in each row: bool[n, size]."""
    width = tf.random.uniform((n, 1), 1, widest)
    first = tf.random.uniform((n, 1), 0, float(size))
    place = tf.range(size, dtype=tf.float32)[None, :]
    return (place >= first) & (place < first + width)
