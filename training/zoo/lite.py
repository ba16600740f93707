"""A recipe's network as TFLite: converted, held against Keras, timed; or the reason why there is no such file."""

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import msgspec
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError

from models import GenderstreamError
from models.spec import Precision
from training.audio import Float32
from training.lite import Lite
from training.zoo.network import predict
from training.zoo.outcome import Exported

TOLERANCE = 1e-3  # of a float32 logit, relative to the largest one where that is above 1
INT8_TOLERANCE = 0.05  # of an int8 probability, on average
UNROLLED = 4_000_000  # bytes: the quantiser copies an LSTM's weights for every step
_REPRESENTATIVE = 200  # windows that fix the ranges of int8
_SLOW = 2e-3  # seconds
FILES: dict[Precision, str] = {"float32": "model.tflite", "int8": "model.int8.tflite"}

Features = Sequence[Float32]
"""Of each input, float32[n, …]."""


def export(network: keras.Model, train: Features, checked: Features, work: Path) -> dict[Precision, Exported]:
    """Write the network with one output as TFLite files to `work`; what they are worth on the `checked` windows.

    Raises GenderstreamError where the float32 file does not answer as the network does.
    """
    saved = _saved(network, work)
    makers = {"float32": lambda: _converter(saved).convert(), "int8": lambda: _quantised(network, saved, train)}
    found = {}
    for precision, name in FILES.items():
        (work / name).unlink(missing_ok=True)
        try:
            content = makers[precision]()
        except (ConverterError, NotImplementedError, RuntimeError, ValueError) as error:
            found[precision] = Exported(reason=str(error).strip().splitlines()[0][:200])
            continue
        (work / name).write_bytes(content)
        found[precision] = _measured(network, content, checked, precision)
    return found


def _saved(network: keras.Model, work: Path) -> Path:
    """The network as a SavedModel that takes one window: see training.export.convert."""
    one = [tf.TensorSpec((1, *each.shape[1:]), tf.float32, name=each.name) for each in network.inputs]
    network.export(work / "saved_model", verbose=False, input_signature=[one] if len(one) > 1 else one)
    return work / "saved_model"


def _converter(saved: Path) -> tf.lite.TFLiteConverter:
    return tf.lite.TFLiteConverter.from_saved_model(str(saved))


def _quantised(network: keras.Model, saved: Path, train: Features) -> bytes:
    """int8 inside, float32 at both ends. LSTMs are unrolled: TFLite's calibrator crashes on their loop."""
    steps = {layer: layer.input.shape[1] for layer in network.layers if isinstance(layer, keras.layers.RNN)}
    size = sum(count * layer.count_params() for layer, count in steps.items())
    if size > UNROLLED:
        raise NotImplementedError(f"TFLite's quantiser copies the weights for each of {max(steps.values())} steps: "
                                  f"{size / 1e6:.0f} MB")  # fmt: skip
    converter = _converter(_saved(_unrolled(network), saved.with_name("unrolled")) if steps else saved)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]

    def windows() -> Iterator[dict[str, Float32]]:
        for number in np.linspace(0, len(train[0]) - 1, min(len(train[0]), _REPRESENTATIVE)).astype(int):
            yield {f"input_{place}": each[number : number + 1] for place, each in enumerate(train)}

    converter.representative_dataset = windows
    content: bytes = converter.convert()
    return content


def _measured(network: keras.Model, content: bytes, checked: Features, precision: Precision) -> Exported:
    """One acceptance check: the file against the network on the same windows."""
    lite = Lite(content)
    wanted = predict(network, checked)
    said = np.array([lite(*(each[number] for each in checked))[0] for number in range(len(checked[0]))])
    first = [each[0] for each in checked]
    found = Exported(len(content), _milliseconds(lite, first), float(np.abs(said - wanted).max()))
    if precision == "float32":
        if found.disagreement > TOLERANCE * max(1.0, float(np.abs(wanted).max())):
            raise GenderstreamError(f"the exported model is not the trained one: a logit is {found.disagreement} off, "
                                    f"expected at most {TOLERANCE} of the largest")  # fmt: skip
        return found
    off = float(np.mean([abs(_sigmoid(a) - _sigmoid(b)) for a, b in zip(said, wanted, strict=True)]))
    reason = f"int8 is {off:.2f} of a probability off on average: do not use it" if off > INT8_TOLERANCE else ""
    return msgspec.structs.replace(found, disagreement=off, reason=reason)


def _milliseconds(lite: Lite, window: Features) -> float:
    """Time of one window; of slow networks fewer runs will do."""
    start = time.perf_counter()
    lite(*window)
    slow = time.perf_counter() - start > _SLOW
    return lite.milliseconds(*window, rounds=3 if slow else 30)


def _unrolled(network: keras.Model) -> keras.Model:
    """The same network with each step of its LSTMs written out."""

    def again(layer: keras.layers.Layer) -> keras.layers.Layer:
        unrolled = {"unroll": True} if isinstance(layer, keras.layers.LSTM) else {}
        return type(layer).from_config(layer.get_config() | unrolled)

    made = keras.models.clone_model(network, clone_function=again)
    made.set_weights(network.get_weights())
    return made


def _sigmoid(logit: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * logit))  # without overflow
