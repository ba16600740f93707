"""One layer more in a TFLite file: from what the network pools over time to numbers that follow its logits.

The file is changed as it is, for a network that is trained again is another one: what was in it gives the same bits.
"""

from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as tflite

from models import UnusableError

_FULLY_CONNECTED = tflite.BuiltinOperator.FULLY_CONNECTED
_CONCATENATION = tflite.BuiltinOperator.CONCATENATION
_DEQUANTIZE = tflite.BuiltinOperator.DEQUANTIZE

Model = Any  # tflite.ModelT: the generated code has no types


def pooled_size(content: bytes) -> int:
    """How many numbers the network pools: what its first dense layer takes."""
    model = _read(content)
    return int(model.subgraphs[0].tensors[_pooled(model)].shape[-1])


def append_layer(content: bytes, weights: npt.NDArray[np.floating], bias: npt.NDArray[np.floating]) -> bytes:
    """`content` with weights [size, pooled] and bias [size] after its logits; in place of such ones as it has.

    float32, in a quantised file, too. Input and logits stay as they are.
    """
    model = _read(content)
    _cut(model)
    graph = model.subgraphs[0]
    (logits,), pooled = graph.outputs, _pooled(model)
    size = len(weights)
    if graph.tensors[pooled].type != tflite.TensorType.FLOAT32:
        exact = _tensor(model, "pooled_float", (1, weights.shape[1]))
        _operator(model, _DEQUANTIZE, [pooled], exact)
        pooled = exact
    constants = [
        _tensor(model, name, values.shape, values.astype(np.float32))
        for name, values in (("timbre_weights", weights), ("timbre_bias", bias))
    ]
    timbre = _tensor(model, "timbre", (1, size))
    _operator(
        model, _FULLY_CONNECTED, [pooled, *constants], timbre, "FullyConnectedOptions", tflite.FullyConnectedOptionsT()
    )
    row = _tensor(model, "row", (1, int(graph.tensors[logits].shape[-1]) + size))
    joined = tflite.ConcatenationOptionsT()
    joined.axis = -1
    _operator(model, _CONCATENATION, [logits, timbre], row, "ConcatenationOptions", joined)
    _give(model, row)
    return _write(model)


def remove_layer(content: bytes) -> bytes:
    """`content` without what `append_layer` has added, if anything."""
    model = _read(content)
    _cut(model)
    return _write(model)


def _cut(model: Model) -> None:
    """Take out what `append_layer` has added, if anything: it is last of everything."""
    graph = model.subgraphs[0]
    last = graph.operators[-1]
    if graph.tensors[last.inputs[-1]].name != b"timbre":
        return
    logits = int(last.inputs[0])
    made = next(at for at, each in enumerate(graph.operators) if logits in each.outputs)
    graph.operators = graph.operators[: made + 1]
    used = max(int(index) for each in graph.operators for index in (*each.inputs, *each.outputs))
    graph.tensors = graph.tensors[: used + 1]
    held = max(int(each.buffer) for each in graph.tensors)
    kept = [*(each.buffer for each in model.metadata or []), held]
    model.buffers = model.buffers[: max(kept) + 1]
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


def _code(model: Model, operator: Any) -> int:
    code = model.operatorCodes[operator.opcodeIndex]
    return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))


def _tensor(model: Model, name: str, shape: tuple[int, ...], values: npt.NDArray[np.float32] | None = None) -> int:
    tensor, buffer = tflite.TensorT(), tflite.BufferT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), tflite.TensorType.FLOAT32, 0
    if values is not None:
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
