"""What the tests of `stream` share: the demo's voices as samples, the shipped model, warm, and models made by hand."""

import hashlib
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import flatbuffers
import msgspec
import numpy as np
import pytest
import soundfile
from ai_edge_litert import schema_py_generated as tflite
from ai_edge_litert.interpreter import Interpreter
from hypothesis import settings

from models import VOICE, FeatureSpec, OutputSpec, load_model, read_spec, write_spec
from models.spec import ModelFile
from stream.classify import Classifier
from stream.records import Samples

DEMO = Path(__file__).parents[2] / "stream" / "demo" / "demo.flac"

settings.register_profile("genderstream", deadline=None, max_examples=60, print_blob=True)
settings.load_profile("genderstream")


@pytest.fixture(scope="session")
def demo_samples() -> Samples:
    """The demo recording: int16[n] at 16 kHz."""
    samples, rate = soundfile.read(DEMO, dtype="int16")
    assert rate == 16000
    return np.asarray(samples)


@pytest.fixture(scope="session")
def woman(demo_samples: Samples) -> Samples:
    """The demo's first voice, perceived as a woman's: 4.8 s."""
    return demo_samples[:76_800]


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The shipped model."""
    return Classifier(load_model())


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """make_model(features, …): the folder of a two-class sound model whose one logit is the mean of its features.

    `toil`: seconds that a window takes on this machine at its fastest, after which the logit is 0.
    """

    def make_model(features: FeatureSpec, *, window: int = 32000, toil: float = 0.0, **changes: Any) -> Path:
        folder = tmp_path_factory.mktemp("model")
        content = mean_model(*features.shape(window), layers=round(toil / layer_seconds()) if toil else 0)
        (folder / "model.tflite").write_bytes(content)
        spec = {
            "name": "sounds",
            "labels": ("loud", "quiet"),
            "gate": "none",
            "outputs": (OutputSpec(meaning="label"),),
            "files": {"float32": ModelFile(path="model.tflite", sha256=hashlib.sha256(content).hexdigest())},
            "timbre": msgspec.UNSET,
            "activity": msgspec.UNSET,
        }
        write_spec(
            folder, msgspec.structs.replace(read_spec(VOICE), features=features, window=window, **spec | changes)
        )
        return folder

    return make_model


@cache
def layer_seconds() -> float:
    """The least that one of `mean_model`'s layers takes with the shipped model's features: about half a millisecond."""
    layers = 20
    interpreter = Interpreter(model_content=mean_model(*read_spec(VOICE).shape, layers), num_threads=1)
    interpreter.allocate_tensors()
    rounds = []
    for _ in range(50):  # the first are slow, and so is any while a neighbour has the core's other half
        began = time.process_time()
        interpreter.invoke()
        rounds.append(time.process_time() - began)
    return min(rounds) / layers


def mean_model(rows: int, columns: int, layers: int = 0) -> bytes:
    """A TFLite file that takes float32[1, rows, columns] and gives their mean as float32[1, 1], `layers` later."""
    mean = np.full((1, rows * columns), 1.0 / (rows * columns), np.float32)
    wide, narrow = np.zeros((1024, columns), np.float32), np.zeros((columns, 1024), np.float32)
    weights = [mean, wide, narrow]
    shapes = [each.shape for each in weights] + [(1, rows, columns)] + [(1, rows, 1024), (1, rows, columns)] * layers
    steps = [(3 + i, 1 + i % 2, 4 + i) for i in range(2 * layers)] + [(len(shapes) - 1, 0, len(shapes))]
    graph = _filled(
        tflite.SubGraphT(),
        tensors=[_tensor(shape, buffer=at + 1 if at < 3 else 0) for at, shape in enumerate([*shapes, (1, 1)])],
        inputs=[3],
        outputs=[len(shapes)],
        operators=[_dense(*step, flat=step == steps[-1]) for step in steps],
    )
    dense = tflite.BuiltinOperator.FULLY_CONNECTED
    model = _filled(
        tflite.ModelT(),
        version=3,
        operatorCodes=[_filled(tflite.OperatorCodeT(), builtinCode=dense, deprecatedBuiltinCode=dense, version=1)],
        subgraphs=[graph],
        buffers=[tflite.BufferT(), *(_filled(tflite.BufferT(), data=each.view(np.uint8).ravel()) for each in weights)],
    )
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _dense(given: int, weights: int, result: int, *, flat: bool) -> Any:
    """A layer without bias; `flat`: of all at once, else of each row."""
    options = {"builtinOptionsType": tflite.BuiltinOptions.FullyConnectedOptions}
    options |= {"builtinOptions": _filled(tflite.FullyConnectedOptionsT(), keepNumDims=not flat)}
    return _filled(tflite.OperatorT(), inputs=[given, weights, -1], outputs=[result], **options)


def _tensor(shape: tuple[int, ...], buffer: int) -> Any:
    return _filled(tflite.TensorT(), shape=list(shape), type=tflite.TensorType.FLOAT32, buffer=buffer)


def _filled(table: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        setattr(table, name, value)
    return table
