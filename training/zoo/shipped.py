"""The model that ships, asked about the same windows."""

from functools import partial

import numpy as np
import numpy.typing as npt
from tensorflow.lite.python import schema_py_generated as schema

from models import VOICE, Model, load_model
from models.spec import Meaning, Precision
from training.audio import Float32
from training.lite import Lite
from training.zoo.features import compute
from training.zoo.measure import scores
from training.zoo.outcome import Exported, Outcome
from training.zoo.sets import Sets, Task
from training.zoo.timing import feature_milliseconds, layout
from training.zoo.windows import Windows

NAMES: dict[Task, str] = {"gender": "shipped", "voice": "shipped-presence"}
_TITLES = {"gender": "The model that ships: its label, forced", "voice": "The model that ships: its veto, forced"}
_MEANINGS: dict[Task, Meaning] = {"gender": "label", "voice": "speech"}
_NOTES = [
    "It learnt from all corpora's train splits: the random split's voices are known to it, the other two's corpora.",
    "Its card, `models/voice/CARD.md`, has corpora that it never heard; `docs/training.md` has its training time.",
]


def shipped(task: Task, sets: Sets) -> Outcome:
    """The shipped model's outcome in `task`: its label as gender, or its voice or none."""
    models: dict[Precision, Model] = {precision: load_model(VOICE, precision) for precision in ("float32", "int8")}
    spec = models["float32"].spec
    column = [output.meaning for output in spec.outputs].index(_MEANINGS[task])
    output = spec.outputs[column]

    def log_odds(lite: Lite, features: Float32) -> npt.NDArray[np.floating]:
        return output.scale * lite.batch(features)[:, column] + output.bias

    def answer(lite: Lite, windows: Windows) -> npt.NDArray[np.floating]:
        return log_odds(lite, compute(windows.samples, spec.features))

    lites = {precision: Lite(model.content) for precision, model in models.items()}
    some = compute(next(iter(sets.tests.values())).samples[:100], spec.features)
    off = np.abs(_sigmoid(log_odds(lites["int8"], some)) - _sigmoid(log_odds(lites["float32"], some))).mean()
    return Outcome(
        recipe=NAMES[task], title=_TITLES[task], seed="", reported="", features=layout([spec.features], [some]),
        labels=sets.labels, parameters=constants(models["float32"].content), training_seconds=0.0,
        feature_milliseconds=feature_milliseconds([spec.features], sets.train.samples[0]),
        float32=Exported(len(models["float32"].content), lites["float32"].milliseconds(some[0])),
        int8=Exported(len(models["int8"].content), lites["int8"].milliseconds(some[0]), float(off)),
        scores=scores(sets.tests, partial(answer, lites["float32"])), epochs=[], notes=_NOTES,
    )  # fmt: skip


def constants(content: bytes) -> int:
    """The floating-point constants in a float32 TFLite file: its parameters, normalisations folded into others."""
    model = schema.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    tensors = [graph.Tensors(number) for number in range(graph.TensorsLength())]
    buffers = {each.Buffer() for each in tensors if each.Type() == schema.TensorType.FLOAT32}
    return sum(model.Buffers(number).DataLength() for number in buffers) // 4


def _sigmoid(log_odds: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return 1 / (1 + np.exp(-log_odds))
