"""`timbre`: what tells the two people of a call from each other, found in what the network pools; put into the model.

Fisher's discriminants (Fukunaga, Introduction to Statistical Pattern Recognition, 1990): those directions in which
people of the same call lie farthest apart, measured by how much one person's windows differ. The network's other
outputs stay what they are, bit for bit.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import scipy.linalg
from msgspec import UNSET

from models import Model, Timbre, UnusableError, load_model, read_spec, write_spec
from training.audio import RATE
from training.calls.decidable import write_decidable
from training.calls.hear import Ear, Hearing
from training.calls.simulate import alternations, read_voices
from training.corpora import learnable
from training.export import add_to_files
from training.gate import FRAME
from training.graph import Added, Layer, pooled_size, with_added

SEED = 800
_LEAST = 30  # voiced frames in a window, all one person's
_ENOUGH = 8  # windows of a person
_RIDGE = 0.01  # of the mean variance within people: what few windows cannot tell

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Discriminants:
    """timbre = weights @ pooled + bias, with the variance 1 within a person, and `between` people's means."""

    weights: Floats  # [size, pooled]
    bias: Floats  # [size]
    between: float  # the mean over all of them


def timbre(data: Path, folder: Path, *, legs: int, size: int) -> None:
    """Find `size` numbers on `legs` alternating calls of the train split, and put them into the model in `folder`.

    None: take out those that it has.
    """
    told, layer = UNSET, None
    if size:
        found = discriminants(_heard(data, load_model(folder), legs), size)
        told, layer = Timbre(size=len(found.weights), between=found.between), Layer(found.weights, found.bias)
    files = add_to_files(folder, timbre=layer)
    write_spec(folder, msgspec.structs.replace(read_spec(folder), files=files, timbre=told))
    print(f"timbre: {told or 'none'}")
    if size:
        write_decidable(data, folder)


def _heard(data: Path, model: Model, legs: int) -> list[tuple[Floats, Floats]]:
    """What `model` pools of either person's windows, on each call on which both are heard."""
    voices, ear = read_voices(data, learnable(data, "train")), Ear(_telling_all(model))
    people: list[tuple[Floats, Floats]] = []
    for number, call in enumerate(alternations(voices, legs, SEED), 1):
        people += _both(ear(call))
        if not number % 20:
            print(f"timbre: {number} of {legs} calls", file=sys.stderr, flush=True)
    if not people:
        raise UnusableError(f"the train split of {data} makes no calls in which both people are heard: use more --legs")
    return people


def discriminants(pairs: Sequence[tuple[Floats, Floats]], size: int) -> Discriminants:
    """Of the pooled numbers [windows, pooled] of the two people on each call."""
    windows = np.concatenate([each for pair in pairs for each in pair])
    centred = [each - each.mean(0) for pair in pairs for each in pair]
    within = sum(each.T @ each for each in centred) / sum(len(each) - 1 for each in centred)
    within += _RIDGE * np.trace(within) / len(within) * np.eye(len(within))
    apart = np.array([one.mean(0) - other.mean(0) for one, other in pairs]) / np.sqrt(2.0)
    variances, directions = scipy.linalg.eigh(apart.T @ apart / len(apart), within)  # directions' variance within is 1
    best = np.argsort(-variances)[:size]
    weights = directions[:, best].T
    return Discriminants(weights, -weights @ windows.mean(0), float(variances[best].mean()))


def _telling_all(model: Model) -> Model:
    """`model`, whose timbre is all that the network pools."""
    size = pooled_size(model.content)
    content = with_added(model.content, Added(timbre=Layer(np.eye(size), np.zeros(size))))
    spec = msgspec.structs.replace(model.spec, timbre=Timbre(size=size, between=1.0), activity=UNSET)
    return Model(spec, content, model.digest)


def _both(hearing: Hearing) -> Iterator[tuple[Floats, Floats]]:
    """What was pooled of the windows that one of the two has alone, where there are enough of both."""
    of: defaultdict[int, list[npt.ArrayLike]] = defaultdict(list)
    for window in hearing.windows:
        truth = hearing.script.truth[round(window.start * RATE / FRAME) : round(window.end * RATE / FRAME)]
        voiced = truth[truth >= 0]
        if window.scores and voiced.size >= _LEAST and voiced.min() == voiced.max():
            of[int(voiced[0])].append(window.scores.timbre or ())
    if min(len(of[0]), len(of[1])) >= _ENOUGH:
        yield np.array(of[0], float), np.array(of[1], float)
