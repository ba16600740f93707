"""Cross-fitting from end to end; the networks of the folds are a step that is given."""

import shutil
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("pyroomacoustics")

from models import VOICE, UnusableError, load_model, read_spec, write_spec
from training.audio import WINDOW
from training.calls.decidable import write_decidable
from training.calls.folds import Fold, learn_fold, split_folds, write_shards
from training.calls.simulate import Voice
from training.calls.spread import Spread, spread
from training.shards import Example, read_shards, shard_paths, write_shard


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the shipped model whose spec has no parameters of its own."""
    folder = Path(shutil.copytree(VOICE, tmp_path / "model", ignore=shutil.ignore_patterns("report")))
    spec = msgspec.structs.replace(read_spec(folder), turns=msgspec.UNSET, verdict=msgspec.UNSET)
    write_spec(folder, spec)
    return folder


def _prepared(work: Path, name: str, origins: list[tuple[str, str, str, str]], *, each: int = 1) -> None:
    """A shard of windows that can be told apart: a tone for a woman, a lower one for a man, noise for what is none."""
    (work / "shards").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(name))
    examples = []
    for origin in origins * each:
        hz = {"female": 1200, "male": 300}.get(origin[3], 0)
        tone = 0.3 * np.sin(2 * np.pi * hz * np.arange(WINDOW) / 16000 * rng.uniform(0.9, 1.1))
        samples = (32767 * (tone + 0.05 * rng.standard_normal(WINDOW))).clip(-32768, 32767).astype(np.int16)
        targets = {"female": (1, 1, 1), "male": (1, 1, 0), "child": (1, 0, -1)}.get(origin[3], (0, -1, -1))
        examples.append(Example(samples, targets, origin))
    write_shard(work / "shards" / f"{name}-000.npy", examples)


def test_folds_part_the_speakers() -> None:
    """Everybody is in one fold; each has women and men; names decide, not their order."""
    voices = [Voice(f"{gender}{n}", "c", gender, []) for gender in ("female", "male") for n in range(11)]
    folds = split_folds(voices, 5, Path("w"))
    assert sorted(name for fold in folds for name in fold.speakers) == sorted(voice.name for voice in voices)
    for fold in folds:
        for gender in ("female", "male"):
            assert 2 <= sum(name.startswith(gender) for name in fold.speakers) <= 3
    assert split_folds(voices[::-1], 5, Path("w")) == folds
    with pytest.raises(UnusableError, match="12 folds"):
        split_folds(voices, 12, Path("w"))


def test_a_fold_learns_nothing_of_its_speakers(tmp_path: Path) -> None:
    """Their windows are left out, re-made ones too; all others stay, in order, with their targets."""
    rows = [("", "c", who, "female" if who < "bob" else "male") for who in ("ann", "bob", "ann", "cy", "dan")]
    rows.append(("", "c re-made", "ann", "female"))
    _prepared(tmp_path, "train", rows)
    _prepared(tmp_path, "dev", rows[1:2])
    fold = Fold(0, frozenset({"ann", "dan"}), tmp_path / "folds" / "0")
    write_shards(tmp_path, fold, 99)
    found = read_shards(shard_paths(fold.folder / "shards", "train"))
    whole = read_shards(shard_paths(tmp_path / "shards", "train"))
    assert found.origin[:, 2].tolist() == ["bob", "cy"]
    assert np.array_equal(found.log_mel, whole.log_mel[[1, 3]])
    assert np.array_equal(found.targets, whole.targets[[1, 3]])
    assert read_shards(shard_paths(fold.folder / "shards", "dev")).origin[:, 2].tolist() == ["bob"]


def test_a_fold_takes_no_more_windows_than_asked(tmp_path: Path) -> None:
    """Whole shards, the first ones, until there are enough; all of dev."""
    for number in range(3):
        _prepared(tmp_path, f"train-{number}", [("", "c", who, "female") for who in ("ann", "bob")])
    _prepared(tmp_path, "dev", [("", "c", "cy", "male")] * 5)
    for windows, shards in ((1, 1), (2, 1), (3, 2), (99, 3)):
        fold = Fold(0, frozenset({"ann"}), tmp_path / "folds" / str(windows))
        write_shards(tmp_path, fold, windows)
        assert len(shard_paths(fold.folder / "shards", "train")) == shards
        assert len(read_shards(shard_paths(fold.folder / "shards", "dev")).origin) == 5


def test_a_fold_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    """Where the model lies nothing is read or trained; where nothing is prepared, that is said."""
    fold = Fold(0, frozenset({"ann"}), tmp_path / "folds" / "0")
    with pytest.raises(UnusableError, match="prepare"):
        learn_fold(fold, data=tmp_path, work=tmp_path, windows=9, epochs=1, seed=1)
    (fold.folder / "model").mkdir(parents=True)
    (fold.folder / "model" / "spec.json").write_text("{}")
    assert learn_fold(fold, data=tmp_path, work=tmp_path, windows=9, epochs=1, seed=1) == fold.folder / "model"


def test_parameters_are_estimated_and_written(
    corpus: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fold is asked about its own speakers alone; the spec gets both parts and keeps all others."""
    monkeypatch.setattr("training.calls.spread.write_decidable", partial(write_decidable, legs=2))
    table = corpus / "manifest.csv"
    table.write_text(table.read_text("utf-8").replace(",adult,en,dev,", ",8,en,dev,"), "utf-8")
    asked: list[Fold] = []

    def learn(fold: Fold) -> Path:
        asked.append(fold)
        return model

    before = read_spec(model)
    spread(corpus, tmp_path / "work", model, folds=2, legs=1, alternating=2, windows=9, epochs=1, learn=learn)
    after = read_spec(model)
    found = msgspec.json.decode((model / "report" / "calls" / "spread.json").read_bytes(), type=Spread)
    assert [len(fold.speakers) for fold in asked] == [2, 2]
    assert all(name.startswith("train-") for fold in asked for name in fold.speakers)
    assert (found.folds, found.speakers, found.legs, found.alternations) == (2, 4, 4, 2)
    assert (after.turns, after.verdict) == (found.turns, found.verdict)
    assert after.turns.decidable is not msgspec.UNSET  # dev's speakers are children here
    assert after.verdict.mean > 0.5  # the demo's voices are known
    assert after.verdict.between**2 + after.verdict.within**2 == pytest.approx(2.0 * after.verdict.mean)
    assert found.cost <= found.cost_before
    assert msgspec.structs.replace(after, turns=msgspec.UNSET, verdict=msgspec.UNSET) == before


@pytest.mark.slow
def test_a_folds_network_is_trained_and_exported(corpus: Path, tmp_path: Path) -> None:
    """The step itself, on a few synthetic windows: a model folder that loads, and the windows gone again."""
    pytest.importorskip("tensorflow")
    rows = [("clean", "c", f"{kind}{n}", kind) for n in range(4) for kind in ("female", "male", "child", "noise")]
    _prepared(tmp_path / "work", "train", rows, each=16)
    _prepared(tmp_path / "work", "dev", rows)
    fold = Fold(0, frozenset({"female0", "male0"}), tmp_path / "work" / "folds" / "0")
    folder = learn_fold(fold, data=corpus, work=tmp_path / "work", windows=500, epochs=1, seed=1)
    assert load_model(folder).spec.labels == ("female", "male")
    assert not (fold.folder / "shards").exists()
