"""`export`: Keras to SavedModel to TFLite, float32 and int8, accepted together, and the folder that ships."""

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from models import GenderstreamError, ModelSpec, Smoothing, load_model, read_spec, write_spec
from models.spec import ModelFile, Precision, TrainingRecord
from training.audio import RATE, WINDOW
from training.calibrate import Calibration, read_calibration
from training.corpora import learnable
from training.graph import read_added, with_added
from training.lite import Lite
from training.shards import FEATURES, FRAMES
from training.train import predict, read_network, read_prepared

NAME = "voice"
RECIPE = "separable-averaged-self-trained"
FLOAT_TOLERANCE = 1e-3  # logits, the worst of the checked windows
INT8_TOLERANCE = 0.05  # probabilities, on average over the checked windows
CHECKED = 400  # windows
_REPRESENTATIVE = 600  # windows that fix the ranges of int8


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How far apart the four forms of one model lie on the same windows."""

    saved_model: float  # largest difference of a logit from Keras
    float32: float
    int8: float  # mean difference of a probability from Keras


def export(data: Path, work: Path, folder: Path) -> None:
    """Write `folder` from what was trained and calibrated in `work`."""
    network, calibration = read_network(work), read_calibration(work)
    windows = _spread(read_prepared(work, "dev").log_mel, CHECKED)
    representative = _spread(read_prepared(work, "train").log_mel, _REPRESENTATIVE)
    contents = convert(network, work / "saved_model", representative)
    acceptance = accept(network, work / "saved_model", contents, windows)
    times = {precision: Lite(content).milliseconds(windows[0]) for precision, content in contents.items()}
    print(f"accepted: {acceptance}, milliseconds a window: {times}")
    record = TrainingRecord(commit=commit(), data_digest=data_digest(data), recipe=RECIPE)
    write_folder(folder, contents, calibration, record)


def convert(
    network: keras.Model, saved_model: Path, representative: npt.NDArray[np.floating]
) -> dict[Precision, bytes]:
    """The network as a SavedModel, and from it as TFLite by precision. Input and output stay float32.

    The SavedModel takes exactly one window: with a free batch the converter leaves shape arithmetic in the
    file, which costs more time than the network.
    """
    one = tf.TensorSpec((1, FRAMES, FEATURES.bands), tf.float32)
    network.export(saved_model, verbose=False, input_signature=[one])
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model))
    full = converter.convert()

    def windows() -> Iterator[list[npt.NDArray[np.float32]]]:
        for window in representative:
            yield [window[None].astype(np.float32)]

    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = windows
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return {"float32": full, "int8": converter.convert()}


def accept(
    network: keras.Model, saved_model: Path, contents: dict[Precision, bytes], log_mel: npt.NDArray[np.floating]
) -> Acceptance:
    """The one check: Keras, SavedModel and both TFLite files on the same windows. Raises where they disagree."""
    windows = log_mel.astype(np.float32)
    wanted = predict(network, windows)
    loaded = tf.saved_model.load(str(saved_model))  # kept: its function does not keep its weights
    saved = np.concatenate([loaded.serve(window[None]).numpy() for window in windows])
    full, small = (Lite(contents[precision]).batch(windows) for precision in ("float32", "int8"))
    found = Acceptance(
        float(np.abs(saved - wanted).max()),
        float(np.abs(full - wanted).max()),
        float(np.abs(_sigmoid(small) - _sigmoid(wanted)).mean()),
    )
    if max(found.saved_model, found.float32) > FLOAT_TOLERANCE or found.int8 > INT8_TOLERANCE:
        raise GenderstreamError(
            f"the exported model is not the trained one: {found}, expected at most {FLOAT_TOLERANCE} (logits) "
            f"and {INT8_TOLERANCE} (int8 probabilities)"
        )
    return found


def write_files(folder: Path, contents: dict[Precision, bytes]) -> dict[Precision, ModelFile]:
    """Write the TFLite files; as what the spec names them."""
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[Precision, str] = {"float32": "model.tflite", "int8": "model.int8.tflite"}
    files: dict[Precision, ModelFile] = {}
    for precision, content in contents.items():
        (folder / names[precision]).write_bytes(content)
        files[precision] = ModelFile(path=names[precision], sha256=hashlib.sha256(content).hexdigest())
    return files


def add_to_files(folder: Path, **layers: Any) -> dict[Precision, ModelFile]:
    """Put `layers`, by their names in `Added`, into the TFLite files in `folder`; as what the spec names them."""
    contents = {precision: load_model(folder, precision).content for precision in read_spec(folder).files}
    return write_files(folder, {
        precision: with_added(content, replace(read_added(content), **layers))
        for precision, content in contents.items()
    })  # fmt: skip


def write_folder(
    folder: Path, contents: dict[Precision, bytes], calibration: Calibration, record: TrainingRecord
) -> None:
    """Write the TFLite files and the spec that names them."""
    files = write_files(folder, contents)
    write_spec(folder, ModelSpec(
        name=NAME, labels=("female", "male"), gate="vad", sample_rate=RATE, window=WINDOW, features=FEATURES,
        outputs=calibration.outputs, thresholds=calibration.thresholds, smoothing=Smoothing(),
        files=files, training=record,
    ))  # fmt: skip


def data_digest(data: Path) -> str:
    """SHA-256 over the manifest rows learnt from, sorted, each with its file's bytes: hex."""
    digest = hashlib.sha256()
    used = [row for split in ("train", "dev") for row in learnable(data, split)]
    for recording in sorted(used, key=lambda recording: recording.path):
        digest.update(msgspec.json.encode(recording))
        digest.update((data / recording.path).read_bytes())
    return digest.hexdigest()


def commit() -> str:
    """The commit of the code that trained, with `-dirty` where that code had changes; `unknown` without a checkout."""
    root = Path(__file__).parents[1]
    code = ["training", "stream/features", "models/spec.py"]

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain", "--", *code) else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _spread(log_mel: npt.NDArray[np.floating], number: int) -> npt.NDArray[np.floating]:
    """`number` windows, evenly spread over all of them."""
    return log_mel[np.linspace(0, len(log_mel) - 1, min(number, len(log_mel))).astype(int)]


def _sigmoid(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)), np.float32)
