"""Training: the best epoch is kept, interruptions are survived, what is done is not done again."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs TensorFlow: pip install '.[train]'")
pytest.importorskip("tensorflow", reason="training needs TensorFlow: pip install '.[train]'")

from models import UnusableError
from training.zoo import fit as fitting
from training.zoo.features import compute
from training.zoo.fit import compile_network, expected, fit, read_progress
from training.zoo.measure import score
from training.zoo.network import build_network, log_odds, predict
from training.zoo.outcome import Outcome
from training.zoo.recipe import Recipe, with_settings
from training.zoo.run import run_recipe, zoo
from training.zoo.synthesised import synthesised_sets
from training.zoo.windows import Windows

Part = tuple[list[np.ndarray], np.ndarray]


@pytest.fixture
def parts(buzzes: Windows, small: Recipe) -> tuple[Part, Part]:
    """What to train and to validate on."""
    features = compute(buzzes.samples, small.inputs[0].features)
    return ([features[:28]], buzzes.target[:28]), ([features[28:]], buzzes.target[28:])


def test_the_best_epoch_is_kept(parts: tuple[Part, Part], small: Recipe, tmp_path: Path) -> None:
    """The network that comes back validates as the best epoch did, though later ones were worse: labels are swapped."""
    longer = with_settings(small, {"training.epochs": 8}, "x")
    (learnt, target), validation = parts
    network, progress = fit(longer, (learnt, 1 - target), validation, tmp_path)
    compile_network(network, longer.training)
    loss, accuracy = network.evaluate(validation[0], expected(network, validation[1]), verbose=0)
    best = progress.epochs[progress.best]
    assert (loss, accuracy) == pytest.approx((best.validation_loss, best.validation_accuracy), rel=1e-5)
    assert accuracy == max(epoch.validation_accuracy for epoch in progress.epochs)
    assert progress.epochs[-1].validation_loss > 2 * loss


@pytest.mark.parametrize(
    "answer", [(1, "sigmoid", "binary_crossentropy"), (2, "softmax", "sparse_categorical_crossentropy")]
)
def test_the_first_label_is_what_is_learnt_as_such(
    parts: tuple[Part, Part], small: Recipe, tmp_path: Path, answer: tuple[int, str, str]
) -> None:
    """By one unit or by two, log-odds above 0 come to mean the first label."""
    names = ("layers.1.units", "layers.1.activation", "training.loss")
    recipe = with_settings(small, dict(zip(names, answer, strict=True)) | {"training.epochs": 15}, "x")
    network, _ = fit(recipe, *parts, tmp_path)
    features, target = parts[1]
    assert ((predict(log_odds(network), features) > 0) == (target == 1)).mean() > 0.9


def test_it_ends_where_nothing_gets_better(parts: tuple[Part, Part], small: Recipe, tmp_path: Path) -> None:
    """After so many epochs without a better one, no more follow."""
    still = with_settings(small, {"training.rate": 1e-12, "training.epochs": 20, "training.patience": 3}, "x")
    _, progress = fit(still, *parts, tmp_path)
    assert (len(progress.epochs), progress.best, progress.done) == (4, 0, True)


def test_an_interrupted_training_goes_on(
    parts: tuple[Part, Part], small: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last whole epoch: its figures stay, the network goes on from there, and in the end all epochs are."""
    monkeypatch.setattr(fitting._Keep, "on_epoch_begin", _interrupted(fitting._Keep.on_epoch_begin, at=2))
    with pytest.raises(KeyboardInterrupt):
        fit(small, *parts, tmp_path)
    monkeypatch.undo()
    before = read_progress(tmp_path)
    assert (len(before.epochs), before.done) == (2, False)
    _, after = fit(small, *parts, tmp_path)
    assert after.epochs[:2] == before.epochs
    assert (len(after.epochs), after.done) == (4, True)
    assert after.epochs[2].loss < before.epochs[0].loss
    assert fit(small, *parts, tmp_path)[1] == after


def _interrupted(begin, at: int):
    def interrupted(self, epoch, logs=None):
        if epoch == at:
            raise KeyboardInterrupt
        begin(self, epoch, logs)

    return interrupted


@pytest.mark.parametrize("change", [{"optimizer": "Adams"}, {"loss": "hinges"}, {"metrics": ["Recalls"]},
                                    {"momentum": 0.5}])  # fmt: skip
def test_what_keras_does_not_know_is_refused(
    parts: tuple[Part, Part], small: Recipe, change: dict[str, object]
) -> None:
    """Unknown optimisers, losses and metrics, and a momentum for Adam, are refused in one line."""
    recipe = with_settings(small, {f"training.{key}": value for key, value in change.items()}, "x")
    with pytest.raises(UnusableError, match="Keras refuses the training settings") as refused:
        compile_network(build_network(recipe, parts[0][0]), recipe.training)
    assert "\n" not in str(refused.value)


def test_a_score_counts_every_window_once() -> None:
    """Rows of the confusion are what windows are, columns what they are taken for, both in the labels' order."""
    windows = Windows(np.zeros((5, 1), np.int16), np.array([1, 1, 1, 0, 0], np.int8), np.array(list("aabcc")))
    found = score(windows, np.array([2.0, 1.0, -1.0, -3.0, 0.5]))
    assert found.confusion == ((2, 1), (1, 1))
    assert (found.windows, found.speakers) == (5, 3)


@pytest.mark.parametrize("name", ["spectral-ann", "chroma-lstm"])
def test_a_recipe_goes_the_whole_way(name: str, tmp_path: Path) -> None:
    """On synthesised sounds: trained, exported, accepted, asked about all three sets; the outcome is on disk."""
    zoo(name, tmp_path / "nowhere", tmp_path, settings={"epochs": 2}, quick=True, model=tmp_path / "report")
    outcome = msgspec.json.decode((tmp_path / name / "outcome.json").read_bytes(), type=Outcome)
    assert outcome.recipe == name
    assert outcome.float32.reason == outcome.int8.reason == ""
    assert set(outcome.scores) == {"random split", "unheard speakers", "unheard corpus"}
    assert all(sum(map(sum, each.confusion)) == each.windows > 0 for each in outcome.scores.values())
    assert (tmp_path / "shipped" / "outcome.json").exists()
    assert any((tmp_path / "report").iterdir())


def test_what_is_done_is_not_done_again(small: Recipe, tmp_path: Path) -> None:
    """A finished recipe's outcome is read; with other settings or other windows its folder is refused."""
    sets = synthesised_sets("gender")
    made = run_recipe("small", small, sets, tmp_path, quick=True)
    written = (tmp_path / "small" / "outcome.json").stat().st_mtime_ns
    assert run_recipe("small", small, sets, tmp_path, quick=True) == made
    assert (tmp_path / "small" / "outcome.json").stat().st_mtime_ns == written
    with pytest.raises(UnusableError, match="was made with other settings or other data"):
        run_recipe("small", with_settings(small, {"epochs": 9}, "x"), sets, tmp_path, quick=True)
    with pytest.raises(UnusableError, match="was made with other settings or other data"):
        run_recipe("small", small, synthesised_sets("voice"), tmp_path, quick=True)


def test_it_learns_what_can_be_learnt(small: Recipe, tmp_path: Path) -> None:
    """Two kinds of buzzes that differ in pitch and formant are told apart where they were not heard."""
    longer = with_settings(small, {"training.epochs": 30, "training.patience": 30}, "x")
    found = run_recipe("small", longer, synthesised_sets("gender"), tmp_path, quick=False)
    (a, b), (c, d) = found.scores["unheard corpus"].confusion
    assert (a + d) / (a + b + c + d) > 0.9
