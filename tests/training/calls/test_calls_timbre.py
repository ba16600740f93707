"""What tells people apart: laws of the discriminants, and the command on a small corpus."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from models import VOICE, load_model, read_spec
from stream.classify import Classifier
from training.calls.timbre import Floats, discriminants
from training.cli import cli

POOLED, SIZE = 10, 2


@pytest.fixture
def people() -> list[tuple[Floats, Floats]]:
    """Calls of two who differ along the first two axes alone; windows vary along all, some more than others."""
    rng, found = np.random.default_rng(4), []
    for _ in range(60):
        pair = []
        for _ in range(2):
            mean = np.r_[rng.normal(scale=(8.0, 4.0)), np.zeros(POOLED - 2)]
            pair.append(3.0 + mean + rng.normal(size=(40, POOLED)) * np.linspace(1.0, 2.0, POOLED))
        found.append((pair[0], pair[1]))
    return found


def test_a_persons_windows_vary_by_one_and_people_by_more(people: list[tuple[Floats, Floats]]) -> None:
    """As the spec says of timbre: 1 in each number within a person, all together about 0; between people `between`."""
    found = discriminants(people, SIZE)
    told = [each @ found.weights.T + found.bias for pair in people for each in pair]
    within = np.mean([np.var(each, axis=0, ddof=1) for each in told], axis=0)
    np.testing.assert_allclose(within, 1.0, rtol=0.05)
    np.testing.assert_allclose(np.concatenate(told).mean(0), 0.0, atol=1e-9)
    between = np.mean(np.var([each.mean(0) for each in told], axis=0))
    assert found.between == pytest.approx(between, rel=0.3)
    assert found.between > 10.0


def test_what_tells_people_apart_is_found(people: list[tuple[Floats, Floats]]) -> None:
    """Along the axes in which people differ, and no others."""
    weights = discriminants(people, SIZE).weights
    assert np.abs(weights[:, 2:]).max() < 0.1 * np.abs(weights[:, :2]).max()


def test_the_command_puts_timbre_into_the_model(corpus: Path, tmp_path: Path) -> None:
    """Both files, whose logits stay; a daemon runs them, and says how the voice sounds."""
    folder = Path(shutil.copytree(VOICE, tmp_path / "model", ignore=shutil.ignore_patterns("report")))
    options = ["--data", str(corpus), "--model", str(folder), "--legs", "2", "--size", "3"]
    told = CliRunner().invoke(cli, ["timbre", *options], catch_exceptions=False)
    assert "size=3" in told.stdout
    assert read_spec(folder).timbre.size == 3
    features = np.random.default_rng(5).uniform(-90.0, -10.0, read_spec(folder).shape).astype(np.float32)
    for precision in ("float32", "int8"):
        shipped, made = (Classifier(load_model(each, precision))(features) for each in (VOICE, folder))
        assert (made.speech, made.decidable, made.label) == (shipped.speech, shipped.decidable, shipped.label)
        assert len(made.timbre) == 3


def test_the_command_takes_timbre_out_of_the_model(tmp_path: Path) -> None:
    """For whoever wants none of it: nothing is heard for that; files, spec and what the daemon knows have none left."""
    folder = Path(shutil.copytree(VOICE, tmp_path / "model", ignore=shutil.ignore_patterns("report")))
    CliRunner().invoke(cli, ["timbre", "--model", str(folder), "--size", "0"], catch_exceptions=False)
    assert not read_spec(folder).timbre
    features = np.random.default_rng(6).uniform(-90.0, -10.0, read_spec(folder).shape).astype(np.float32)
    for precision in ("float32", "int8"):
        shipped, made = (Classifier(load_model(each, precision))(features) for each in (VOICE, folder))
        assert (made.speech, made.decidable, made.label) == (shipped.speech, shipped.decidable, shipped.label)
        assert made.timbre is None
        assert len(load_model(folder, precision).content) < len(load_model(VOICE, precision).content) - 18_000
