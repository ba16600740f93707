"""Features on disk."""

from pathlib import Path

import numpy as np
import pytest

from training.zoo import cache
from training.zoo.cache import extract
from training.zoo.features import compute
from training.zoo.features.kinds import Chroma, SpectralStatistics
from training.zoo.windows import Windows


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "CHUNK", 4)


def test_what_is_cached_is_what_is_computed(buzzes: Windows, tmp_path: Path) -> None:
    """In chunks, from nothing and from disk, features are those of all windows together."""
    wanted = compute(buzzes.samples[:10], SpectralStatistics())
    for _ in range(2):
        assert np.array_equal(extract(buzzes.samples[:10], SpectralStatistics(), tmp_path), wanted)
    assert len(list(tmp_path.iterdir())) == 3


def test_an_interrupted_extraction_goes_on(buzzes: Windows, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole chunks are read again, what was half written or is missing is computed; progress says so."""
    wanted = extract(buzzes.samples[:8], SpectralStatistics(), tmp_path)
    first, second = sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    second.rename(second.with_suffix(".partial.npy"))
    marked = np.load(first) + 1
    np.save(first, marked)
    capsys.readouterr()
    found = extract(buzzes.samples[:8], SpectralStatistics(), tmp_path)
    assert np.array_equal(found, np.concatenate([marked, wanted[4:]]))
    assert capsys.readouterr().out == "spectral-statistics: 8 of 8 windows\n"


def test_other_windows_and_other_parameters_are_other_features(buzzes: Windows, tmp_path: Path) -> None:
    """What is kept is found by its content: neither another parameter nor another sample takes it."""
    one = extract(buzzes.samples[:2], Chroma(), tmp_path)
    assert extract(buzzes.samples[:2], Chroma(hop=600), tmp_path).shape != one.shape
    changed = buzzes.samples[:2].copy()
    changed[0, 7] += 100
    assert not np.array_equal(extract(changed, Chroma(), tmp_path), one)
    assert np.array_equal(extract(changed, Chroma(), tmp_path), compute(changed, Chroma()))
