"""Layers more in a TFLite file: numbers that follow the network's logits, made of what it has come to on the way.

The file is changed as it is, for a network that is trained again is another one: what was in it gives the same bits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as tflite

from models import UnusableError

_CONVOLUTION = tflite.BuiltinOperator.CONV_2D
_FULLY_CONNECTED = tflite.BuiltinOperator.FULLY_CONNECTED
_CONCATENATION = tflite.BuiltinOperator.CONCATENATION
_RESHAPE = tflite.BuiltinOperator.RESHAPE
_LOGISTIC = tflite.BuiltinOperator.LOGISTIC
_DEQUANTIZE = tflite.BuiltinOperator.DEQUANTIZE
_WEIGHTS, _BIAS = "_weights", "_bias"

Model = Any  # tflite.ModelT: the generated code has no types


@dataclass(frozen=True, slots=True)
class Layer:
    """A dense layer, or a convolution over time and bands."""

    weights: npt.NDArray[np.floating]  # [out, in]; of a convolution [out, time, bands, in]
    bias: npt.NDArray[np.floating]  # [out]


@dataclass(frozen=True, slots=True)
class Steps:
    """Convolutions of what a network has of each step of time, ReLU between them, and a sigmoid behind the last.

    They give [steps * out of the last] probabilities.
    """

    number: int  # of them in a window: of the network's smallest layer that has so many
    layers: Sequence[Layer]  # the first sees one step and all its bands


@dataclass(frozen=True, slots=True)
class Added:
    """What follows the logits in a model's output row. float32, in a quantised file, too."""

    timbre: Layer | None = None  # of what the network pools over time
    activity: Steps | None = None


def read_added(content: bytes) -> Added:
    """What `content` has of it."""
    model = _read(content)
    named = {each.name.decode(): each for each in model.subgraphs[0].tensors}

    def constant(name: str) -> npt.NDArray[np.float32]:
        return np.frombuffer(bytes(model.buffers[named[name].buffer].data), np.float32).reshape(named[name].shape)

    def layer(name: str) -> Layer:
        return Layer(constant(name + _WEIGHTS), constant(name + _BIAS))

    count = sum(name.startswith("activity_") and name.endswith(_WEIGHTS) for name in named)
    return Added(
        layer("timbre") if "timbre" in named else None,
        Steps(int(named["activity_0"].shape[1]), [layer(f"activity_{at}") for at in range(count)]) if count else None,
    )


def with_added(content: bytes, added: Added) -> bytes:
    """`content` with `added` behind its logits, in place of what it has there. Input and logits stay as they are."""
    model = _read(content)
    _cut(model)
    (logits,) = model.subgraphs[0].outputs
    parts = [logits]
    if added.timbre:
        parts.append(_add_timbre(model, added.timbre))
    if added.activity:
        parts.append(_add_activity(model, added.activity))
    if len(parts) > 1:
        row = _tensor(model, "row", (1, sum(_shape(model, each)[-1] for each in parts)))
        joined = tflite.ConcatenationOptionsT()
        joined.axis = -1
        _operator(model, _CONCATENATION, parts, row, "ConcatenationOptions", joined)
        _give(model, row)
    return _write(model)


def pooled_size(content: bytes) -> int:
    """How many numbers the network pools: what its first dense layer takes."""
    model = _read(content)
    return _shape(model, _pooled(model))[-1]


def giving_steps(content: bytes, least: int) -> bytes:
    """A model that gives what `content` has of each step: float32[1, steps, bands, channels], at `least` so many steps.

    As `Steps` takes it. Raises UnusableError where no layer has so many.
    """
    model = _read(content)
    _cut(model)
    _give(model, _exact(model, _stepped(model, least)))
    return _write(model)


def _add_timbre(model: Model, layer: Layer) -> int:
    pooled, constants = _exact(model, _pooled(model)), _constants(model, "timbre", layer)
    timbre = _tensor(model, "timbre", (1, len(layer.weights)))
    options = tflite.FullyConnectedOptionsT()
    _operator(model, _FULLY_CONNECTED, [pooled, *constants], timbre, "FullyConnectedOptions", options)
    return timbre


def _add_activity(model: Model, steps: Steps) -> int:
    last = _exact(model, _stepped(model, steps.number))
    for number, layer in enumerate(steps.layers):
        options = tflite.Conv2DOptionsT()
        options.strideH = options.strideW = 1
        options.padding = tflite.Padding.SAME if number else tflite.Padding.VALID
        if number < len(steps.layers) - 1:
            options.fusedActivationFunction = tflite.ActivationFunctionType.RELU
        given = [last, *_constants(model, f"activity_{number}", layer)]
        last = _tensor(model, f"activity_{number}", (1, steps.number, 1, len(layer.weights)))
        _operator(model, _CONVOLUTION, given, last, "Conv2DOptions", options)
    shape = 1, steps.number * _shape(model, last)[-1]
    given, flat = [last, _tensor(model, "activity_shape", (2,), np.int32(shape))], _tensor(model, "flat", shape)
    options = tflite.ReshapeOptionsT()
    options.newShape = list(shape)
    _operator(model, _RESHAPE, given, flat, "ReshapeOptions", options)
    activity = _tensor(model, "activity", shape)
    _operator(model, _LOGISTIC, [flat], activity)
    return activity


def _cut(model: Model) -> None:
    """Take out what has been added, if anything: it is last of everything."""
    graph = model.subgraphs[0]
    last = graph.operators[-1]
    if graph.tensors[last.outputs[0]].name != b"row":
        return
    logits = int(last.inputs[0])
    made = next(at for at, each in enumerate(graph.operators) if logits in each.outputs)
    graph.operators = graph.operators[: made + 1]
    used = max(int(index) for each in graph.operators for index in (*each.inputs, *each.outputs))
    graph.tensors = graph.tensors[: used + 1]
    held = max(int(each.buffer) for each in graph.tensors)
    kept = [*(each.buffer for each in model.metadata or []), held]
    model.buffers = model.buffers[: max(kept) + 1]
    codes = max(int(each.opcodeIndex) for each in graph.operators)
    model.operatorCodes = model.operatorCodes[: codes + 1]
    _give(model, logits)


def _give(model: Model, tensor: int) -> None:
    """Make it what the model gives, by its signature, too."""
    model.subgraphs[0].outputs = [tensor]
    for signature in model.signatureDefs or []:
        for output in signature.outputs:
            output.tensorIndex = tensor


def _pooled(model: Model) -> int:
    """The tensor that the first dense layer takes."""
    for each in model.subgraphs[0].operators:
        if _code(model, each) == _FULLY_CONNECTED:
            return int(each.inputs[0])
    raise UnusableError("the model has no dense layer: timbre is made of what the first one takes")


def _stepped(model: Model, least: int) -> int:
    """The tensor [1, steps, bands, channels] of the fewest steps, but at least so many, and of those the smallest."""
    found = {int(each.outputs[0]): _shape(model, each.outputs[0]) for each in model.subgraphs[0].operators}
    enough = [tensor for tensor, shape in found.items() if len(shape) == 4 and shape[1] >= least]
    if not enough:
        raise UnusableError(f"the model has no layer with {least} steps of time: speech in 20 ms is told by such a one")
    return min(enough, key=lambda tensor: (found[tensor][1], math.prod(found[tensor])))


def _exact(model: Model, tensor: int) -> int:
    """The same numbers as float32."""
    if model.subgraphs[0].tensors[tensor].type == tflite.TensorType.FLOAT32:
        return tensor
    exact = _tensor(model, "exact", _shape(model, tensor))
    _operator(model, _DEQUANTIZE, [tensor], exact)
    return exact


def _shape(model: Model, tensor: int) -> tuple[int, ...]:
    return tuple(map(int, model.subgraphs[0].tensors[tensor].shape))


def _code(model: Model, operator: Any) -> int:
    code = model.operatorCodes[operator.opcodeIndex]
    return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))


def _constants(model: Model, name: str, layer: Layer) -> tuple[int, int]:
    weights, bias = (each.astype(np.float32) for each in (layer.weights, layer.bias))
    return _tensor(model, name + _WEIGHTS, weights.shape, weights), _tensor(model, name + _BIAS, bias.shape, bias)


def _tensor(
    model: Model, name: str, shape: tuple[int, ...], values: npt.NDArray[np.float32 | np.int32] | None = None
) -> int:
    tensor, buffer = tflite.TensorT(), tflite.BufferT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), tflite.TensorType.FLOAT32, 0
    if values is not None:
        if values.dtype == np.int32:
            tensor.type = tflite.TensorType.INT32
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        tensor.buffer = len(model.buffers)
        model.buffers.append(buffer)
    model.subgraphs[0].tensors.append(tensor)
    return len(model.subgraphs[0].tensors) - 1


def _operator(
    model: Model, builtin: int, inputs: list[int], output: int, kind: str = "NONE", options: Any = None
) -> None:
    codes = [max(int(each.builtinCode), int(each.deprecatedBuiltinCode)) for each in model.operatorCodes]
    if builtin not in codes:
        code = tflite.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin
        code.version = 2 if builtin == _DEQUANTIZE else 1  # the second takes int8
        model.operatorCodes.append(code)
        codes.append(builtin)
    operator = tflite.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = codes.index(builtin), inputs, [output]
    operator.builtinOptionsType, operator.builtinOptions = getattr(tflite.BuiltinOptions, kind), options
    model.subgraphs[0].operators.append(operator)


def _read(content: bytes) -> Model:
    return tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(content, 0))


def _write(model: Model) -> bytes:
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
