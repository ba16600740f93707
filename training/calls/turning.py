"""The parameters of `Turns`: durations counted, the rest searched, on simulated alternations."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from models import ModelSpec, Turns
from training.calls.figures import edge_errors, labelled
from training.calls.hear import Hearing, decide
from training.calls.simulate import NOBODY, Script

GRID: Final[Mapping[str, tuple[float, ...]]] = {
    "independent": (0.5, 0.75, 1.0, 1.5, 2.0),  # seconds
    "doubt": (0.001, 0.005, 0.01, 0.02, 0.05, 0.1),
    "enter": (0.6, 0.7, 0.8, 0.9),
    "leave": (0.5, 0.6, 0.7, 0.8),
    "lag": (2.0, 3.0, 4.0, 6.0, 8.0),  # seconds
    "memory": (20.0, 60.0, 240.0),  # seconds
}
BARS: Final = (0.08, 0.12, 0.5, 1.0)  # opposite and unknown time, median and 90th percentile of edges in seconds
SEEN = 1.0  # seconds: a shorter gap, half a window, is no pause that could be heard
FAR = 3.0  # seconds: an edge that is farther off is missed
_SWEEPS = 4  # over the grid, at most


def count_durations(scripts: Sequence[Script], turns: Turns) -> Turns:
    """`turns` with the mean turn and pause, and the share of turns that go over directly, as they were spoken."""
    lengths = [turn.end - turn.start for script in scripts for turn in script.turns[:-1]]  # the last is cut off
    gaps = np.array([two.start - one.end for script in scripts for one, two in pairwise(script.turns)])
    pauses = gaps[gaps >= SEEN]
    direct = (np.count_nonzero(gaps < SEEN) + 0.5) / (gaps.size + 1.0)
    pause = float(pauses.mean()) if pauses.size else turns.pause
    return msgspec.structs.replace(turns, turn=float(np.mean(lengths)), pause=pause, direct=float(direct))


def search(hearings: Sequence[Hearing], spec: ModelSpec, turns: Turns) -> Turns:
    """The values of GRID that cost least, one parameter after the other until none changes (cyclic search)."""
    best = turns if _holds(turns, spec) else msgspec.structs.replace(turns, enter=0.5, leave=0.5)  # always holds
    least = cost(hearings, spec, best)
    for _ in range(_SWEEPS):
        before = best
        for name, values in GRID.items():
            for value in values:
                tried = msgspec.structs.replace(best, **{name: value})
                if tried != best and _holds(tried, spec) and (at := cost(hearings, spec, tried)) < least:
                    best, least = tried, at
        if best == before:
            return best
    return best


def cost(hearings: Sequence[Hearing], spec: ModelSpec, turns: Turns) -> float:
    """What is measured of alternations, each over its bar, summed."""
    opposite, unknown, voiced, edges = 0, 0, 0, []
    for hearing in hearings:
        found = decide(hearing, msgspec.structs.replace(spec, turns=turns), verdict_error=0.01).turns
        truth = hearing.script.truth
        known = labelled(truth.size, found)
        speaks = truth != NOBODY
        voiced += int(speaks.sum())
        unknown += int((speaks & (known == NOBODY)).sum())
        opposite += int((speaks & (known != NOBODY) & (known != truth)).sum())
        edges.append(edge_errors(hearing.script, found))
    off = np.minimum(np.concatenate([*edges, np.zeros(0)]), FAR)
    median, most = np.quantile(off, (0.5, 0.9), method="inverted_cdf") if off.size else (0.0, 0.0)
    measured = (opposite / max(voiced, 1), unknown / max(voiced, 1), median, most)
    return float(np.sum(np.divide(measured, BARS)))


def _holds(turns: Turns, spec: ModelSpec) -> bool:
    """What a spec must obey."""
    return turns.leave <= turns.enter < 1.0 - (spec.verdict.atypical if spec.verdict else 0.0)
