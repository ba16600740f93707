"""Answers against the truth, forced to one of the two labels."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from training.zoo.outcome import Score
from training.zoo.windows import Windows

Answer = Callable[[Windows], npt.NDArray[np.floating]]
"""Log-odds of the first label of n windows: float[n]."""


def scores(tests: dict[str, Windows], answer: Answer) -> dict[str, Score]:
    """The score of each set."""
    return {name: score(windows, answer(windows)) for name, windows in tests.items()}


def score(windows: Windows, log_odds: npt.NDArray[np.floating]) -> Score:
    """How log-odds of the first label, float[n], classify the windows."""
    first = log_odds > 0
    (a, b), (c, d) = (
        (int(np.sum(first[windows.target == target])), int(np.sum(~first[windows.target == target])))
        for target in (1, 0)
    )
    return Score(len(windows), len(np.unique(windows.source)), ((a, b), (c, d)))
