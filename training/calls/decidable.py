"""`decidable`: how sure turns must be that somebody is no child. As wary of children over time as single windows are.

A window alone is `undecidable`, or not sure enough, for part of children's time; turns, which ask a person's windows
together, name a label for no more of it than windows do, and for as much of everybody else's as that allows.
"""

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from models import ModelSpec, load_model, read_spec, write_spec
from stream.words import UNKNOWN
from training.calls.hear import Ear, Hearing, decide
from training.calls.simulate import read_children, singles
from training.corpora import learnable

LEGS: Final = 200
SEED: Final = 900
_STEPS: Final = [step / 1000 for step in range(1, 1000)]


def write_decidable(data: Path, folder: Path, *, legs: int = LEGS) -> None:
    """Estimate it by the model in `folder` on `legs` of the dev split's children, and write it into the spec's turns.

    Where these are not estimated yet, nothing is done: `spread` comes back.
    """
    model = load_model(folder)
    if not model.spec.turns:
        return
    children = read_children(data, learnable(data, "dev"))
    ear = Ear(model)
    found = estimate_decidable([ear(call) for call in singles(children, legs, SEED, "dev")], model.spec)
    write_spec(folder, _with(read_spec(folder), found))
    print(f"decidable: {'as one window' if found is UNSET else found}")


def estimate_decidable(hearings: Sequence[Hearing], spec: ModelSpec) -> float | UnsetType:
    """The least probability, in thousandths, at which turns name a label for no more of the time than windows do.

    UNSET where no child is heard, or the model does not tell.
    """
    judged = [each.judgement for hearing in hearings for each in hearing.windows if each.judgement.state == "speech"]
    if not judged or not any(output.meaning == "decidable" for output in spec.outputs):
        return UNSET
    most = sum(each.label != UNKNOWN for each in judged) / len(judged)

    def holds(step: float) -> bool:
        return _named(hearings, _with(spec, step)) <= most

    return _STEPS[bisect_left(_STEPS, True, hi=len(_STEPS) - 1, key=holds)]


def _named(hearings: Sequence[Hearing], spec: ModelSpec) -> float:
    """The share of the speaking time that has a label."""
    ends = [decided.summaries[-1] for each in hearings if (decided := decide(each, spec, verdict_error=0.01)).summaries]
    spoken = sum(sum(each.speech_seconds.values()) for each in ends)
    return 1.0 - sum(each.speech_seconds[UNKNOWN] for each in ends) / max(spoken, 1e-9)


def _with(spec: ModelSpec, least: float | UnsetType) -> ModelSpec:
    return msgspec.structs.replace(spec, turns=msgspec.structs.replace(spec.turns, decidable=least))
