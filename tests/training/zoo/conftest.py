"""What the tests of the zoo share: small sounds of two kinds, and recipes that learn in a moment."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("librosa", reason="the zoo needs librosa: pip install '.[train]'")
pytest.importorskip("soxr")
pytest.importorskip("webrtcvad")

from training.audio import RATE, Int16
from training.zoo.recipe import Recipe, parse_recipe
from training.zoo.synthesised import buzz
from training.zoo.windows import Windows

Sound = Callable[[str, int], Int16]

SMALL = """
title = "One dense layer on 12 statistics"
seed = "none"
[[inputs]]
features = { kind = "spectral-statistics" }
[[layers]]
layer = "Normalization"
[[layers]]
layer = "Dense"
units = 1
activation = "sigmoid"
[training]
rate = 0.1
epochs = 4
"""


@pytest.fixture
def small() -> Recipe:
    """A recipe that trains in a second."""
    return parse_recipe(SMALL, "small")


@pytest.fixture(scope="session")
def buzzes() -> Windows:
    """Twenty women's and twenty men's buzzes, in turn, a source a window."""
    rng = np.random.default_rng(0)
    kinds = ["female", "male"] * 20
    return Windows(
        np.stack([buzz(kind, rng) for kind in kinds]),
        np.array([kind == "female" for kind in kinds], np.int8),
        np.array([f"{kind}-{number}" for number, kind in enumerate(kinds)]),
    )


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders of a dozen sounds each, 4 s: buzzes and noise."""
    root, rng = tmp_path_factory.mktemp("sounds"), np.random.default_rng(1)
    for folder, kind in (("buzzes", "male"), ("hisses", "noise")):
        (root / folder).mkdir()
        for number in range(12):
            soundfile.write(root / folder / f"{folder}-{number}.wav", buzz(kind, rng, 4 * RATE), RATE)
    return root / "buzzes", root / "hisses"
