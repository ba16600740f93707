"""TFLite inference behind one small face: features in, calibrated probabilities out. One thread."""

import importlib
import importlib.util
import math
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta

from models import VOICE, Model, OutputSpec, UnusableError
from models.spec import Precision
from stream.records import Features, Scores

Runtime = Literal["ai-edge-litert", "tflite-runtime"]

RUNTIMES: dict[Runtime, str] = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
}
"""The same Interpreter under two names, the maintained one first: the module of each."""


class ModelSettings(msgspec.Struct, frozen=True):
    """Which model decides."""

    model: Annotated[str, Meta(description="folder of the model: spec.json and .tflite files")] = str(VOICE)
    precision: Annotated[Precision, Meta(description="which of the model's files: float32 or int8")] = "float32"
    runtime: Annotated[
        Runtime | None, Meta(description="what runs the model; otherwise the first of these that is installed")
    ] = None

    @property
    def folder(self) -> Path:
        """The model's folder as a path."""
        return Path(self.model)


def find_runtime(wanted: Runtime | None = None) -> Runtime:
    """`wanted`, or the first TFLite runtime, that is installed. Raises UnusableError where it is not."""
    for name, module in RUNTIMES.items():
        if wanted in (None, name) and importlib.util.find_spec(module.partition(".")[0]):
            return name
    name = wanted or "ai-edge-litert"
    raise UnusableError(f"{name} is not installed, which runs the model: pip install {name}")


class Classifier:
    """One model, warm. Serves any number of streams of one thread."""

    def __init__(self, model: Model, runtime: Runtime | None = None) -> None:
        spec = model.spec
        self._outputs = spec.outputs
        self._frames = spec.row - (spec.activity.frames if spec.activity else 0)  # where they begin in a row
        with _refusing(model):
            self._interpreter = _interpreter(model, runtime)
            given = self._interpreter.get_input_details()[0]
            result = self._interpreter.get_output_details()[0]
        wanted = [1, *spec.shape]
        for what, tensor, shape in (("takes", given, wanted), ("gives", result, [1, spec.row])):
            if list(tensor["shape"]) != shape or tensor["dtype"] is not np.float32:
                raise UnusableError(
                    f"model {model.identity} {what} {tensor['dtype'].__name__}{list(map(int, tensor['shape']))}: "
                    f"its spec.json says float32{shape}; export it again"
                )
        self._input, self._output = given["index"], result["index"]
        with _refusing(model):
            self(np.zeros(wanted[1:], np.float32))  # warm: the first call allocates

    def __call__(self, features: Features) -> Scores:
        """Scores of one window's `features` (float32 of the spec's shape)."""
        self._interpreter.set_tensor(self._input, features[np.newaxis])
        self._interpreter.invoke()
        row = self._interpreter.get_tensor(self._output)[0]
        told = row[: self._frames].tolist()
        means = {
            output.meaning: _calibrated(logit, output)
            for output, logit in zip(self._outputs, told, strict=False)  # what else there is, is timbre
        }
        return Scores(
            means.get("speech"), means.get("decidable"), means["label"],
            timbre=told[len(self._outputs) :] or None,
            frames=(row[self._frames :] * 255.0 + 0.5).astype(np.uint8).tobytes() or None,
        )  # fmt: skip


def _calibrated(logit: float, output: OutputSpec) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * (output.scale * logit + output.bias)))  # the sigmoid, without overflow


def _interpreter(model: Model, wanted: Runtime | None) -> Any:
    runtime = importlib.import_module(RUNTIMES[find_runtime(wanted)])
    with _without_chatter():
        interpreter = runtime.Interpreter(model_content=model.content, num_threads=1)
        interpreter.allocate_tensors()
    return interpreter


@contextmanager
def _refusing(model: Model) -> Iterator[None]:
    """What the runtime raises for content that it cannot use, as an UnusableError."""
    try:
        yield
    except (ValueError, RuntimeError, IndexError) as error:
        reason = str(error).splitlines()[0]
        raise UnusableError(f"model {model.identity} is not a usable TFLite file: {reason}; export it again") from error


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep the runtime's `INFO:` lines, which C++ writes to descriptor 2, off standard error; pass on the rest."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as heard:
        os.dup2(heard.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            heard.seek(0)
            with suppress(OSError):  # nobody reads, or its disk is full
                os.write(2, b"".join(line for line in heard if not line.startswith(b"INFO:")))
