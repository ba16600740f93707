"""The zoo's verbs as users type them, on synthesised sounds."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import soundfile

pytest.importorskip("keras", reason="training needs TensorFlow: pip install '.[train]'")
pytest.importorskip("tensorflow", reason="training needs TensorFlow: pip install '.[train]'")

import keras

from models.spec import WaveSpec
from training.audio import RATE, read_audio
from training.cli import cli
from training.zoo.features import compute
from training.zoo.network import log_odds, predict
from training.zoo.outcome import Outcome
from training.zoo.recipe import read_recipe, recipe_names
from training.zoo.report import Trial
from training.zoo.synthesised import buzz
from training.zoo.windows import cut_windows

SHIPPED = {"shipped", "shipped-presence"}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where all recipes went through `zoo --quick`."""
    folder = tmp_path_factory.mktemp("zoo")
    cli(["zoo", "--quick", "--data", str(folder / "none"), "--work", str(folder / "work")], standalone_mode=False)
    return folder / "work"


def _outcome(work: Path, name: str) -> Outcome:
    return msgspec.json.decode((work / name / "outcome.json").read_bytes(), type=Outcome)


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_trains_and_agrees_with_its_file(work: Path, name: str) -> None:
    """Of each recipe there is a float32 file that answers as Keras does, an int8 one or its reason, and all scores."""
    outcome = _outcome(work, name)
    assert all(sum(map(sum, score.confusion)) == score.windows > 0 for score in outcome.scores.values())
    assert len(outcome.scores) == 3
    if read_recipe(name).baseline:
        assert outcome.parameters == 0
        return
    assert (work / name / "model.tflite").stat().st_size == outcome.float32.bytes > 0
    assert outcome.float32.reason == ""
    assert outcome.int8.reason or (work / name / "model.int8.tflite").stat().st_size == outcome.int8.bytes > 0
    assert outcome.epochs
    assert outcome.notes


def test_the_comparison_names_all_of_them(work: Path) -> None:
    """The report has every recipe, and the shipped model as both tasks."""
    (table,) = (work / "report").glob("*.csv")
    said = table.read_text("utf-8")
    assert {name for name in (*recipe_names(), *SHIPPED) if name in said} == {*recipe_names(), *SHIPPED}


def test_without_weights_the_outcome_says_so(work: Path) -> None:
    """A quick run downloads nothing: the transfer's outcome says first that it is none."""
    assert "WITHOUT ImageNet's weights" in _outcome(work, "vgg16-transfer").notes[0]


def test_predict_says_a_label_and_a_probability(work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line a file: its path, a label of the recipe's or unknown where nothing is heard, and a probability."""
    soundfile.write(tmp_path / "voice.wav", buzz("female", np.random.default_rng(3), 3 * RATE), RATE)
    soundfile.write(tmp_path / "silence.wav", np.zeros(3 * RATE, np.int16), RATE)
    files = [str(tmp_path / name) for name in ("voice.wav", "silence.wav")]
    capsys.readouterr()
    cli(["predict", "--recipe", "voice-presence", "--work", str(work), *files], standalone_mode=False)
    (path, label, probability), silence = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert (path, silence) == (files[0], [files[1], "unknown", "-"])
    windows = cut_windows(read_audio(Path(path)), gate=False)
    network = log_odds(keras.saving.load_model(work / "voice-presence" / "best.keras"))
    said = float(predict(network, [compute(windows, WaveSpec())]).mean())
    assert label == ("voice" if said > 0 else "no_voice")
    assert float(probability) == pytest.approx(1 / (1 + np.exp(-abs(said))), abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("zoo", "--recipes", "vgg"), "'vgg' is no recipe"),
        (("zoo", "--recipes", "random,mandel-cnn", "--set", "speed=1"), "--set speed"),
        (
            ("predict", "--recipe", "mandel-cnn", "--work", "nowhere", "x.wav"),
            "holds no recipe trained by this version",
        ),
        (("tune", "--recipe", "mandel-cnn", "--quick", "--data", "nowhere"), "has no sigmoid at its end"),
    ],
)
def test_what_users_can_mend_is_said_in_one_line(
    start: Callable[..., Any], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Unknown recipes and settings, and untrained ones, end with status 2 and one line."""
    root = Path(__file__).parents[3]
    ended = start(sys.executable, "-m", "training", *arguments, cwd=root).finish()
    assert ended.status == 2
    assert said in ended.error.splitlines()[-1]


def test_tuning_tries_every_pair(tmp_path: Path) -> None:
    """A trial for each optimiser and loss with accuracy and metrics, kept as JSON, and pictures of them."""
    cli(["tune", "--quick", "--data", str(tmp_path / "none"), "--work", str(tmp_path / "tune")], standalone_mode=False)
    trials = msgspec.json.decode((tmp_path / "tune" / "tuning.json").read_bytes(), type=list[Trial])
    assert len({(trial.optimizer, trial.loss) for trial in trials}) == len(trials) == 4
    assert all(0 <= trial.accuracy <= 1 and len(trial.metric_values) == 4 for trial in trials)
    assert (tmp_path / "tune" / "tuning.png").stat().st_size > 0
