"""`spread`: parameters of turns and verdicts, estimated on speakers that the networks asked have never heard."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from models import ModelSpec, Turns, Verdict, load_model, provisional, read_spec, write_spec
from training.calls.decidable import write_decidable
from training.calls.estimate import estimate_verdict, hop_of, leg_windows, with_stray
from training.calls.folds import Fold, Learn, learn_fold, split_folds
from training.calls.hear import Ear, Hearing, decide
from training.calls.simulate import Voice, alternations, read_voices, singles
from training.calls.turning import cost, count_durations, search
from training.corpora import learnable
from training.report.evaluation import FOLDER

NAME = "spread.json"
SEED = 700


class Spread(msgspec.Struct, frozen=True):
    """What `python -m training spread` found."""

    folds: int
    speakers: int
    legs: int  # of one speaker, with enough windows to count
    alternations: int
    cost_before: float  # of the turns' parameters that were there before, on the alternations
    cost: float  # of those found
    turns: Turns
    verdict: Verdict


def spread(
    data: Path, work: Path, folder: Path, *, folds: int, legs: int, alternating: int, windows: int,
    epochs: int, learn: Learn | None = None,
) -> None:  # fmt: skip
    """Estimate on the train split of `data`, whose windows are prepared in `work`, and write the spec in `folder`.

    `legs` of each speaker, `alternating` ones in all; a fold's network hears `windows`, `epochs` times, or
    `learn` makes it.
    """
    spec = read_spec(folder)
    voices = read_voices(data, learnable(data, "train"))
    learn = learn or partial(learn_fold, data=data, work=work, windows=windows, epochs=epochs, seed=SEED)
    parts = split_folds(voices, folds, work)
    single: list[Hearing] = []
    turning: list[Hearing] = []
    for fold in parts:
        heard = _hear(fold, learn(fold), voices, legs, alternating // folds)
        single += heard[0]
        turning += heard[1]
        told = f"spread: fold {fold.number + 1} of {folds}: {len(fold.speakers)} speakers"
        print(told, file=sys.stderr, flush=True)
    found = estimate(single, turning, spec)
    found = msgspec.structs.replace(found, folds=folds, speakers=len({voice.name for voice in voices}))
    write_spec(folder, msgspec.structs.replace(spec, turns=found.turns, verdict=found.verdict))
    write_decidable(data, folder)
    found = msgspec.structs.replace(found, turns=read_spec(folder).turns)
    place = folder / FOLDER / "calls"
    place.mkdir(parents=True, exist_ok=True)
    (place / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    print(msgspec.json.encode(found).decode())


def estimate(single: Sequence[Hearing], turning: Sequence[Hearing], spec: ModelSpec) -> Spread:
    """All parameters from legs of one speaker and from alternations: the spread first, turns by it, stray by both."""
    former, speakers = spec.turns or provisional.TURNS, spec.verdict or provisional.VERDICT
    windows = leg_windows(single)
    verdict = estimate_verdict(windows, hop_of(single), mixed=speakers.mixed)
    spec = msgspec.structs.replace(spec, verdict=verdict)
    alone = single[:: max(len(single) // max(len(turning), 1), 1)]  # as many: whoever speaks alone has one turn
    turns = search([*turning, *alone], spec, count_durations([each.script for each in turning], former))
    spec = msgspec.structs.replace(spec, turns=turns)
    verdict = with_stray(verdict, [(each.script, decide(each, spec, verdict_error=0.01)) for each in single])
    return Spread(
        0, 0, len(windows), len(turning), cost(turning, spec, former), cost(turning, spec, turns), turns, verdict
    )  # fmt: skip


def _hear(
    fold: Fold, model: Path, voices: Sequence[Voice], legs: int, alternating: int
) -> tuple[list[Hearing], list[Hearing]]:
    """The fold's speakers by the network that has not heard them."""
    ear, own, seed = Ear(load_model(model)), [each for each in voices if each.name in fold.speakers], SEED + fold.number
    single = [ear(call) for call in singles(own, legs * len(own), seed, "train")]
    return single, [ear(call) for call in alternations(own, alternating, seed)]
