"""A teacher that has heard thousands of speakers: where among them a voice stands. Nothing of it ships.

The speaker encoder of Resemblyzer (Apache-2.0): three LSTMs on 40 mel bands whose last state, projected, is the voice;
trained by the generalised end-to-end loss (Wan and others, 2018) on VoxCeleb 1 and 2 and LibriSpeech's train-other.
Only the weights of its package are read: neither its code nor PyTorch is needed.
"""

import pickle
from collections import OrderedDict
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from models import UnusableError
from training.audio import RATE, Float32, rms

SIZE = 256  # numbers that are a voice
PACKAGE = "resemblyzer"
_INSTALL = "pip install --no-deps resemblyzer==0.1.4"
_LEAST_DBFS = -30.0  # RMS; what is fainter is raised to it, as the encoder was trained
_FRAME, _HOP, _BANDS, _LAYERS, _UNITS = 400, 160, 40, 3, 256


def missing_encoder() -> str:
    """Why there is no encoder, and what to do about it; empty: there is one."""
    return "" if find_spec(PACKAGE) else f"the voice encoder is not installed: {_INSTALL}"


def encode(windows: npt.NDArray[np.float32]) -> Float32:
    """The voice in each window (float32[n, samples], ±1, 16 kHz): float32[n, SIZE] of length 1, none negative.

    Raises UnusableError where the package is missing.
    """
    mel = np.stack([_mel(window) for window in windows])
    voices = np.asarray(_network().predict(mel, batch_size=512, verbose=0))
    return np.asarray(voices / (np.linalg.norm(voices, axis=1, keepdims=True) + 1e-9), np.float32)


def _mel(samples: Float32) -> Float32:
    """Mel power as the encoder was trained on, not its logarithm: float32[frames, bands]."""
    import librosa

    raised = samples * np.float32(max(1.0, 10 ** (_LEAST_DBFS / 20) / rms(samples)))
    return np.asarray(librosa.feature.melspectrogram(
        y=raised, sr=RATE, n_fft=_FRAME, hop_length=_HOP, n_mels=_BANDS
    ).T, np.float32)  # fmt: skip


@cache
def _network() -> Any:
    """The encoder as a Keras model: float32[n, frames, bands] to float32[n, SIZE]."""
    import keras

    if reason := missing_encoder():
        raise UnusableError(reason)
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    weights = read_weights(Path(spec.origin).with_name("pretrained.pt"))
    mel = keras.Input((None, _BANDS))
    lstms = [keras.layers.LSTM(_UNITS, return_sequences=layer < _LAYERS - 1) for layer in range(_LAYERS)]
    project = keras.layers.Dense(SIZE, activation="relu")
    x = mel
    for lstm in lstms:
        x = lstm(x)
    network = keras.Model(mel, project(x))
    for layer, lstm in enumerate(lstms):  # the gates stand in the same order in both frameworks
        bias = weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"]
        lstm.set_weights([weights[f"lstm.weight_ih_l{layer}"].T, weights[f"lstm.weight_hh_l{layer}"].T, bias])
    project.set_weights([weights["linear.weight"].T, weights["linear.bias"]])
    return network


def read_weights(path: Path) -> dict[str, Float32]:
    """The float32 tensors under `model_state` in a file that PyTorch before 1.6 saved.

    Such a file is pickles one after the other (magic number, version, machine, contents, keys of the storages), then
    each storage: its number of values, 8 bytes, and the values. Nothing in it is run but tuples and dictionaries.
    """
    with path.open("rb") as file:
        for _ in range(3):
            _Unpickler(file).load()
        unpickler = _Unpickler(file)
        state = unpickler.load()["model_state"]
        storages = {key: _read_values(file, unpickler.kinds[key]) for key in _Unpickler(file).load()}
    return {
        name: np.asarray(storages[key][offset : offset + int(np.prod(shape))].reshape(shape), np.float32)
        for name, (key, offset, shape) in state.items()
    }


def _read_values(file: BinaryIO, kind: str) -> npt.NDArray[Any]:
    count = int(np.frombuffer(file.read(8), "<i8")[0])
    dtype = np.dtype({"FloatStorage": "<f4", "LongStorage": "<i8"}[kind])
    return np.frombuffer(file.read(count * dtype.itemsize), dtype)


class _Unpickler(pickle.Unpickler):
    """Unpickles tensors to (key of the storage, offset, shape), and refuses to call anything else."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.kinds: dict[str, str] = {}  # of each storage

    def persistent_load(self, pid: Any) -> str:
        _, kind, key, *_ = pid
        self.kinds[key] = kind
        return str(key)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda key, offset, shape, *_: (key, offset, shape)
        if module == "torch" and name.endswith("Storage"):
            return name
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")
