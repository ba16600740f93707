"""`activity`: which 20 ms of a window are speech, learnt from what the network's convolutions tell; put into the model.

A detector hears words begin and end otherwise through a line, or in a room, than beside the mouth. Here calls are heard
at both ends: WebRTC's verdict on each recording as it was made is what these layers learn to tell of what came of it.
The network's other outputs stay what they are, bit for bit.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import keras
import msgspec
import numpy as np
import numpy.typing as npt
from keras import layers
from msgspec import UNSET

from models import Activity, Model, UnusableError, load_model, read_spec, write_spec
from stream.features import build_extractor
from training.audio import read_audio, to_float
from training.calls.decidable import write_decidable
from training.calls.line import over_air
from training.calls.simulate import NOBODY, Call, alternations, read_voices, singles
from training.corpora import learnable
from training.corpora.manifest import Split
from training.export import add_to_files
from training.gate import FRAME, gated_starts, voiced_frames
from training.graph import Layer, Steps, giving_steps
from training.lite import Lite

SEED: Final = 810
_HOP = 75  # frames from window to window
_COARSEST = 2  # frames of 20 ms that one step of the network tells, at most
_REACH = 3  # steps: one before and one after
_BATCH, _RATE = 64, 3e-3


@dataclass(frozen=True, slots=True)
class Windows:
    """n windows that pass the gate."""

    steps: npt.NDArray[np.float16]  # [n, steps, bands, channels]: what the network has of them
    truth: npt.NDArray[np.bool_]  # [n, frames]: which 20 ms are speech
    heard: npt.NDArray[np.bool_]  # the same as WebRTC hears it at this end


def activity(data: Path, folder: Path, *, legs: int, units: int, epochs: int) -> None:
    """Learn on `legs` calls of the train split, and put it into the model in `folder`. No units: take it out."""
    told, added = UNSET, None
    if units:
        model = load_model(folder)
        network = learn(_windows(data, model, "train", legs), units, epochs)
        dev = _windows(data, model, "dev", -(-legs // 10))
        wrong, detector = (100.0 * np.mean(each != dev.truth) for each in (tell(network, dev), dev.heard))
        print(f"activity: {wrong:.1f} % of dev's 20 ms are wrong, {detector:.1f} % by WebRTC's detector")
        added, told = to_steps(network), Activity(frames=dev.truth.shape[1])
    files = add_to_files(folder, activity=added)
    write_spec(folder, msgspec.structs.replace(read_spec(folder), files=files, activity=told))
    print(f"activity: {told or 'none'}")
    if units:
        write_decidable(data, folder)


def learn(windows: Windows, units: int, epochs: int) -> keras.Model:
    """Four convolutions, `units` wide: from one step's bands, of three steps twice, to each step's frames of 20 ms."""
    keras.utils.set_random_seed(SEED)
    count, bands = windows.steps.shape[1:3]
    given = x = keras.Input(windows.steps.shape[1:])
    for kernel in ((1, bands), (_REACH, 1), (_REACH, 1)):
        padding = "valid" if x is given else "same"
        x = layers.Conv2D(units, kernel, padding=padding, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
    logits = layers.Conv2D(windows.truth.shape[1] // count, (_REACH, 1), padding="same")(x)
    network = keras.Model(given, layers.Reshape(windows.truth.shape[1:])(logits))
    rng, batches = np.random.default_rng(SEED), max(len(windows.truth) // _BATCH, 1)
    rate = keras.optimizers.schedules.CosineDecay(_RATE, epochs * batches)
    network.compile(keras.optimizers.Adam(rate), keras.losses.BinaryCrossentropy(from_logits=True))
    for epoch in range(1, epochs + 1):
        losses = [
            float(network.train_on_batch(windows.steps[chosen].astype(np.float32), windows.truth[chosen]))
            for chosen in np.array_split(rng.permutation(len(windows.truth)), batches)
        ]
        print(f"activity: epoch {epoch} of {epochs}, loss {np.mean(losses):.3f}", file=sys.stderr, flush=True)
    return network


def tell(network: keras.Model, windows: Windows) -> npt.NDArray[np.bool_]:
    """Which 20 ms are speech: bool[n, frames]."""
    parts = [windows.steps[at : at + _BATCH] for at in range(0, len(windows.steps), _BATCH)]
    return np.concatenate([network.predict_on_batch(part.astype(np.float32)) > 0.0 for part in parts])


def to_steps(network: keras.Model) -> Steps:
    """The layers as they go into a TFLite file: each normalisation in the weights of the layer before."""
    found: list[Layer] = []
    for each in network.layers:
        if isinstance(each, layers.Conv2D):
            weights, *bias = each.get_weights()  # [time, bands, in, out]
            found.append(Layer(np.moveaxis(weights, -1, 0), bias[0] if bias else np.zeros(weights.shape[-1])))
        elif isinstance(each, layers.BatchNormalization):
            gamma, beta, mean, variance = each.get_weights()
            scale = gamma / np.sqrt(variance + each.epsilon)
            found[-1] = Layer(found[-1].weights * scale[:, None, None, None], beta - scale * mean)
    return Steps(network.input_shape[1], found)


def _windows(data: Path, model: Model, split: Split, legs: int) -> Windows:
    """Of `legs` calls: alternating ones over a line, as many in a room, and single ones, which may begin with music."""
    spec = model.spec
    frames = spec.window // FRAME
    network = Lite(giving_steps(model.content, -(-frames // _COARSEST)))
    extract = build_extractor(spec.features, sample_rate=spec.sample_rate, window=spec.window)
    steps, truth, heard = [], [], []
    for number, call in enumerate(_calls(data, split, legs), 1):
        voiced = voiced_frames(call.samples)
        for start in gated_starts(voiced, _HOP):
            first = start // FRAME
            features = extract(call.samples[start : start + spec.window], spec.window)
            steps.append(network(features).astype(np.float16))
            told = _told(len(steps[-1]), frames)
            truth.append(call.script.truth[first : first + told] != NOBODY)
            heard.append(voiced[first : first + told])
        if not number % 50:
            print(f"activity: {number} of {legs} calls", file=sys.stderr, flush=True)
    if not steps:
        raise UnusableError(f"the {split} split of {data} makes no calls with speech: use more --legs")
    return Windows(np.array(steps), np.array(truth), np.array(heard))


def _told(steps: int, frames: int) -> int:
    """How many of a window's frames are told: a whole number by each step."""
    told = steps * round(frames / steps)
    if told > frames:
        raise UnusableError(f"the model has {steps} steps in {frames} frames of 20 ms: expected one in each or in two")
    return told


def _calls(data: Path, split: Split, legs: int) -> Iterator[Call]:
    rows = learnable(data, split)
    voices = read_voices(data, rows)
    sounds = [to_float(read_audio(data / row.path)) for row in rows if row.kind == "noise"]
    third = -(-legs // 3)
    calls = chain(
        alternations(voices, third, SEED),
        alternations(voices, third, SEED, name="air", way=over_air(sounds)),
        singles(voices, third, SEED, split),
    )
    return (call for _, call in zip(range(legs), calls, strict=False))
