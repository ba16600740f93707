"""A whole hop of one stream, from the ring to the socket, against the field's usual way with each window."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from models import load_model
from stream.bench.line import Line
from stream.bench.logmel import HOP, WINDOW, librosa_log_mel
from stream.bench.result import Bar, Number, Result, Skipped
from stream.bench.sound import speech
from stream.bench.timing import Work, cpu_us
from stream.classify import Classifier
from stream.records import FULL_SCALE, Features

RESULTS = {
    "hop_cost_us": Bar(
        "a hop of 0.5 s of speech: VAD, features, model, decision, encoding, publishing", "µs", least=True
    ),
    "hop_silent_us": Bar("the same of silence", "µs", least=True),
    "hop_vs_litert": Bar("the hop against librosa's mel of the whole window and LiteRT", "×", 4.0, 6.0),
    "hop_vs_keras": Bar(
        "the hop against librosa's mel of the whole window and Keras predict_on_batch", "×", 20.0, 40.0
    ),
    "usual_litert_us": Bar("librosa's mel of the whole window and LiteRT, each hop", "µs", least=True),
    "usual_keras_us": Bar("the same with Keras predict_on_batch", "µs", least=True),
}

_IN_A_ROW = 10
"""Hops, then as many windows the usual way: all is warm. One by one, each would find the other's in the caches."""

_KERAS = Path(__file__).parents[2] / "training" / "start.keras"
"""The network as Keras has it, another training's weights in it; there in a checkout."""


def measure(*, quick: bool) -> Iterator[Result]:
    """Our hop alternates with the usual way, with one subscriber connected, which is somebody else's process."""
    rounds = 20 if quick else 300
    with Line() as line:
        voice, quiet = line.stream("speech", speech()), line.stream("silence", np.zeros(HOP, np.int16))
        spoken, silent = cpu_us(voice.hop, quiet.hop, rounds=rounds)
        yield Number("hop_cost_us", spoken)
        yield Number("hop_silent_us", silent)
        for runtime, model in (("litert", _litert), ("keras", _keras)):
            names = f"hop_vs_{runtime}", f"usual_{runtime}_us"
            try:
                usual = _usual_way(model)
            except ImportError as error:
                yield Skipped(names, f"{error.name} is not installed")
                continue
            except FileNotFoundError:
                yield Skipped(names, f"{_KERAS.name} is not here, only in a checkout")
                continue
            ours, theirs = cpu_us(voice.hop, usual, rounds=rounds // 4, repeats=_IN_A_ROW)
            yield Number(names[0], theirs / ours)
            yield Number(names[1], theirs)


def _usual_way(model: Callable[[], Callable[[Features], object]]) -> Work:
    audio = (speech()[:WINDOW] / FULL_SCALE).astype(np.float32)
    mel: Callable[[], Features] = librosa_log_mel(audio)  # type: ignore[assignment]
    predict = model()
    return lambda: predict(np.ascontiguousarray(mel().T))


def _litert() -> Callable[[Features], object]:
    return Classifier(load_model())


def _keras() -> Callable[[Features], object]:
    keras = importlib.import_module("keras")
    importlib.import_module("training.network")  # its layers; nothing else of `stream` knows `training`
    if not _KERAS.exists():
        raise FileNotFoundError(_KERAS)
    network = keras.models.load_model(_KERAS, compile=False)
    return lambda features: network.predict_on_batch(features[np.newaxis])
