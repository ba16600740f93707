"""What the tests of `stream` share: the demo's voices as samples, the shipped model, warm, and models made by hand."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import msgspec
import numpy as np
import pytest
import soundfile
from ai_edge_litert import schema_py_generated as tflite
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
    """make_model(features, …): the folder of a two-class sound model whose one logit is the mean of its features."""

    def make_model(features: FeatureSpec, *, window: int = 32000, **changes: Any) -> Path:
        folder = tmp_path_factory.mktemp("model")
        content = mean_model(*features.shape(window))
        (folder / "model.tflite").write_bytes(content)
        spec = {
            "name": "sounds",
            "labels": ("loud", "quiet"),
            "gate": "none",
            "outputs": (OutputSpec(meaning="label"),),
            "files": {"float32": ModelFile(path="model.tflite", sha256=hashlib.sha256(content).hexdigest())},
        }
        write_spec(
            folder, msgspec.structs.replace(read_spec(VOICE), features=features, window=window, **spec | changes)
        )
        return folder

    return make_model


def mean_model(rows: int, columns: int) -> bytes:
    """A TFLite file with one operation: the mean of float32[1, rows, columns], as float32[1, 1]."""
    weights = np.full((1, rows * columns), 1.0 / (rows * columns), np.float32)
    tensors = [_tensor((1, rows, columns), buffer=0), _tensor(weights.shape, buffer=1), _tensor((1, 1), buffer=0)]
    dense = tflite.BuiltinOperator.FULLY_CONNECTED
    options = {"builtinOptionsType": tflite.BuiltinOptions.FullyConnectedOptions}
    options |= {"builtinOptions": tflite.FullyConnectedOptionsT()}
    operator = _filled(tflite.OperatorT(), inputs=[0, 1, -1], outputs=[2], **options)  # -1: without bias
    graph = _filled(tflite.SubGraphT(), tensors=tensors, inputs=[0], outputs=[2], operators=[operator])
    model = _filled(
        tflite.ModelT(),
        version=3,
        operatorCodes=[_filled(tflite.OperatorCodeT(), builtinCode=dense, deprecatedBuiltinCode=dense, version=1)],
        subgraphs=[graph],
        buffers=[tflite.BufferT(), _filled(tflite.BufferT(), data=weights.view(np.uint8).ravel())],
    )
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(shape: tuple[int, ...], buffer: int) -> Any:
    return _filled(tflite.TensorT(), shape=list(shape), type=tflite.TensorType.FLOAT32, buffer=buffer)


def _filled(table: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        setattr(table, name, value)
    return table
