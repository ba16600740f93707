"""`compare`: exported models side by side on the dev split, by what they would answer: the table to choose by."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models import ModelSpec, load_model
from training.dev import DECIDABLE, LABEL, SPEECH, balanced
from training.lite import Lite
from training.shards import Shard
from training.train import read_prepared

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a model says of n windows, by its own calibration and thresholds."""

    voiced: Bools  # [n], no veto
    gendered: Bools  # [n], gets a gender
    right: Bools  # [n], forced choice; a veto counts as wrong


def compare(work: Path, folders: list[Path]) -> None:
    """Print a Markdown table of the models in `folders` on the dev windows in `work`."""
    shard = read_prepared(work, "dev")
    columns = [_figures(shard, _verdicts(shard, folder)) for folder in folders]
    print("| dev, percent | " + " | ".join(str(folder) for folder in folders) + " |")
    print("| --- |" + " --- |" * len(folders))
    for name in columns[0]:
        print(f"| {name} | " + " | ".join(f"{100 * column[name]:.1f}" for column in columns) + " |")


def _verdicts(shard: Shard, folder: Path) -> Verdicts:
    model = load_model(folder)
    logits = Lite(model.content).batch(shard.log_mel)
    speech, decidable, female = (_probability(model.spec, logits, column) for column in (SPEECH, DECIDABLE, LABEL))
    limits = model.spec.thresholds
    voiced = speech >= limits.speech
    gendered = voiced & (decidable >= limits.decidable) & (np.maximum(female, 1 - female) >= limits.label)
    return Verdicts(voiced, gendered, voiced & ((female > 0.5) == (shard.targets[:, LABEL] == 1)))


def _probability(spec: ModelSpec, logits: npt.NDArray[np.float32], column: int) -> npt.NDArray[np.float64]:
    output = spec.outputs[column]
    return np.asarray(1 / (1 + np.exp(-(output.scale * logits[:, column].astype(np.float64) + output.bias))))


def _figures(shard: Shard, said: Verdicts) -> dict[str, float]:
    """Shares by name: forced choice by corpus and condition, then what is asked of all conditions together."""
    condition, corpus, target = shard.origin[:, 0], shard.origin[:, 1], shard.targets
    grown, found = target[:, LABEL] >= 0, {}
    for one, other in _pairs(corpus[grown], condition[grown]):
        chosen = grown & (corpus == one) & (condition == other)
        found[f"forced, {one}, {other}"] = balanced(said.right[chosen], target[chosen, LABEL])
    forced = list(found.values())
    voice, child, none = target[:, SPEECH] == 1, target[:, DECIDABLE] == 0, target[:, SPEECH] == 0
    recorded = ~np.char.endswith(corpus, "remade")
    parts: dict[str, tuple[Bools, Bools]] = {
        "forced, women": (said.right, grown & (target[:, LABEL] == 1)),
        "forced, men": (said.right, grown & (target[:, LABEL] == 0)),
        "recorded voices vetoed": (~said.voiced, voice & recorded),
        "recorded grown voices answered": (said.gendered, grown & recorded),
        "of those, right": (said.right, grown & recorded & said.gendered),
        "re-made grown voices answered": (said.gendered, grown & ~recorded),
        "of those, right ": (said.right, grown & ~recorded & said.gendered),
        "children's windows with a gender": (said.gendered, child & voice),
        "noise with a gender": (said.gendered, none & (shard.origin[:, 3] == "noise")),
        "music with a gender": (said.gendered, none & (shard.origin[:, 3] == "music")),
    }
    found |= {name: _share(values[chosen]) for name, (values, chosen) in parts.items()}
    return {"forced, mean over corpora and conditions": float(np.mean(forced)), **found}


def _pairs(corpus: npt.NDArray[np.str_], condition: npt.NDArray[np.str_]) -> list[tuple[str, str]]:
    return sorted(set(zip(corpus.tolist(), condition.tolist(), strict=True)))


def _share(values: Bools) -> float:
    return float(values.mean()) if values.size else float("nan")
