"""Two folders of sounds become a classifier that the daemon runs, from the command line to a subscriber."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs TensorFlow: pip install '.[train]'")
pytest.importorskip("tensorflow", reason="training needs TensorFlow: pip install '.[train]'")

from models import UnusableError, load_model, read_spec
from training.audio import RATE, Int16, read_audio
from training.cli import cli
from training.corpora.speakers import lot
from training.zoo.own import HELD_OUT
from training.zoo.synthesised import buzz

SHARED = Path(__file__).parents[4] / "shared" / "data" / "noise" / "esc10"
TRAIN = (sys.executable, "-m", "training", "train")


@pytest.fixture(scope="session")
def own(sounds: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of buzzes against hisses, made by the command."""
    folder = tmp_path_factory.mktemp("own")
    _train(sounds, ("buzz", "hiss"), folder)
    return folder / "model"


def _train(folders: tuple[Path, Path], labels: tuple[str, str], work: Path, *options: str) -> None:
    subprocess.run(
        [*TRAIN, "--recipe", "spectrogram-cnn", "--folders", *folders, "--labels", ",".join(labels), "--gate", "none",
         "--work", work, "--model", work / "model", *options],
        check=True, timeout=540, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _heard(daemon: Callable[..., Any], listen: Callable[..., Any], model: Path, samples: Int16) -> list[dict[str, Any]]:
    """The window messages that a subscriber of a real daemon gets of `samples` on standard input."""
    running = daemon("-", "--model", model, "--stream", "own", stdin=subprocess.PIPE)
    messages = listen(running)
    running.process.stdin.write(samples.tobytes())
    running.process.stdin.close()
    running.process.stdin = None
    return [message for message in messages.until_end() if message["schema"].startswith("genderstream.window/")]


def _inside(messages: Iterable[dict[str, Any]], start: float, end: float) -> list[dict[str, Any]]:
    return [message for message in messages if start <= message["start"] and message["end"] <= end]


def test_the_folder_is_a_whole_model(own: Path) -> None:
    """One output, `label`, calibrated, with the labels in the order given; no gate; where it comes from; float32."""
    spec = read_spec(own)
    assert load_model(own).content
    assert spec.labels == ("buzz", "hiss")
    assert spec.gate == "none"
    assert [output.meaning for output in spec.outputs] == ["label"]
    assert spec.outputs[0].scale > 0
    assert 0.5 <= spec.thresholds.label <= 0.9
    assert spec.training.recipe == "spectrogram-cnn"
    assert spec.shape == (199, 257)


def test_a_subscriber_hears_the_labels(own: Path, daemon: Callable[..., Any], listen: Callable[..., Any]) -> None:
    """New buzzes are heard as such and new hisses too, in every window that is wholly of one of them."""
    rng = np.random.default_rng(7)
    messages = _heard(daemon, listen, own, np.concatenate([buzz("male", rng, 5 * RATE), buzz("noise", rng, 5 * RATE)]))
    for label, start, end in (("buzz", 0, 5), ("hiss", 5, 10)):
        windows = _inside(messages, start, end)
        assert len(windows) == 7
        assert {message["label"] for message in windows} == {label}
        assert all(set(message["probability"]) == {"buzz", "hiss"} for message in windows)
        assert all(message["speech_probability"] is None for message in windows)


def test_two_kinds_of_recorded_sounds_are_told_apart(
    tmp_path: Path, daemon: Callable[..., Any], listen: Callable[..., Any]
) -> None:
    """Rain against clocks, from the shared recordings: what was held out is heard right by a subscriber."""
    if not SHARED.is_dir():
        pytest.skip(f"no recorded sounds: {SHARED} is missing")
    labels = ("rain", "clock-tick")
    for label in labels:
        (tmp_path / label).mkdir()
        for path in SHARED.glob(f"{label}-*.ogg"):
            (tmp_path / label / path.name).symlink_to(path)
    _train((tmp_path / labels[0], tmp_path / labels[1]), labels, tmp_path / "work", "--epochs", "10")
    for label in labels:
        right, heard = 0, 0
        for samples in _held_out(tmp_path / label):
            messages = _heard(daemon, listen, tmp_path / "work" / "model", samples)
            said = [message["label"] for message in messages if message["label"] in labels]
            right, heard = right + said.count(label), heard + len(said)
        assert heard
        assert right / heard > 0.8


def _held_out(folder: Path, most: int = 3) -> list[Int16]:
    """The first recordings of those that training held out."""
    sources = sorted(folder.iterdir(), key=lambda path: lot(f"{folder.parent.name}-{path.stem}"))
    return [read_audio(path) for path in sources[: round(HELD_OUT * len(sources))][:most]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--recipe", "chroma-cnn"), "chroma-cnn hears chroma, and the stream computes one of log-mel"),
        (("--recipe", "multi-feature"), "multi-feature hears log-mel and chroma and spectral-contrast"),
        (("--recipe", "random"), "random hears nothing"),
        (("--labels", "a"), "--labels a: expected two names"),
        (("--labels", "a,a"), "expected two different names"),
        (("--labels", "a b,c"), "expected names of letters"),
        (("--labels", "unknown,c"), "neither of them `unknown`"),
        (("--set", "speed=2"), "--set speed"),
        (("--set", "features.fft=500"), "fft is 500"),
    ],
)
def test_what_cannot_be_made_is_refused_before_training(
    sounds: tuple[Path, Path], tmp_path: Path, options: tuple[str, str], said: str
) -> None:
    """A recipe that the stream cannot feed, settings that contradict, and names that are none, are said in a line."""
    chosen = {"--recipe": "spectrogram-cnn", "--labels": "buzz,hiss"} | dict([options])
    places = ("--folders", *map(str, sounds), "--model", str(tmp_path / "model"), "--work", str(tmp_path / "work"))
    with pytest.raises(UnusableError) as refused:
        cli(["train", *places, *(each for pair in chosen.items() for each in pair)], standalone_mode=False)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_a_recipe_wants_its_folders(start: Callable[..., Any]) -> None:
    """A recipe without folders and a model to write is refused with what is missing, and status 2."""
    ended = start(*TRAIN, "--recipe", "wave-cnn", "--labels", "a,b").finish()
    assert ended.status == 2
    assert "--folders, --model missing" in ended.error.splitlines()[-1]
