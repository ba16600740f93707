"""Made-up outcomes: no network was trained for them, and no number is anybody's."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

from training.zoo.outcome import Epoch, Exported, Outcome, Score
from training.zoo.report import write_report

SETS = ("random split", "unheard speakers", "unheard corpus")
FLEX = "needs TensorFlow's own operators (FlexTensorListReserve)"
LEAK = "LEAK: windows overlap by a second, and flatter the random split."
SCRATCH = "WITHOUT ImageNet's weights | trained from scratch."  # what Markdown takes for a cell's end
KNOWN = "KNOWN to it: the voices of the random split."
QUIET = "The seed's rates of dropout are not known: 0.25 and 0.5 are ours."
GENDER, PRESENCE = ("female", "male"), ("voice", "no_voice")


def made(recipe: str, rights: tuple[float, ...], seed: str = "Somebody, 2018", *, parameters: int = 10_000,
         notes: tuple[str, ...] = (), labels: tuple[str, str] = GENDER, milliseconds: float = 0.5,
         reason: str = "", reported: str = "accuracy 92.4 %, F1 0.925") -> Outcome:  # fmt: skip
    """An outcome right on that share of each set, a little more often on the first label."""
    rng = np.random.default_rng(len(recipe) + parameters)
    scores = {}
    for name, right, windows in zip(SETS, rights, (800, 1000, 900), strict=False):
        half, lean = windows // 2, rng.uniform(-0.06, 0.06)
        hits = [round(half * min(1.0, max(0.0, right + lean * side))) for side in (1, -1)]
        scores[name] = Score(windows, 40, ((hits[0], half - hits[0]), (half - hits[1], hits[1])))
    count = int(rng.integers(9, 31)) if parameters else 0
    fall = [0.7 * 0.85**number for number in range(count)]
    epochs = [Epoch(loss, 1 - loss / 2, loss + 0.006 * number + float(rng.uniform(0, 0.03)), 0.93 - loss / 2.5)
              for number, loss in enumerate(fall)]  # fmt: skip
    file = Exported(4 * parameters + 2000, milliseconds, 3e-6)
    small = Exported(parameters + 3000, milliseconds / 2, 0.004)
    refused = Exported(reason=reason)
    return Outcome(
        recipe=recipe, title=f"the idea of {recipe}", seed=seed, reported=reported, features="12 chroma × 100 frames",
        labels=labels, parameters=parameters, training_seconds=float(parameters) ** 0.6,
        feature_milliseconds=1.5 if parameters else 0.0, float32=file if parameters else Exported(reason="no network"),
        int8=refused if reason else small if parameters else Exported(reason="no network"), scores=scores,
        epochs=epochs, notes=list(notes),
    )  # fmt: skip


def all_made() -> list[Outcome]:
    """The shipped model, both tasks, baselines, one of everything that is written apart."""
    return [
        made("voice", (0.975, 0.968, 0.94), "", parameters=73_267, milliseconds=0.16, reported="", notes=(KNOWN,)),
        made("spectral-ann", (0.91, 0.84, 0.71), "vshantam, 2018", parameters=371, milliseconds=0.004),
        made("chroma-cnn", (0.70, 0.63, 0.56), "Threadgold, 2018", parameters=9_700, reported="F1 0.64"),
        made("mandel-cnn", (0.93, 0.82, 0.69), "Threadgold, 2018", parameters=2_987_146, notes=(QUIET,)),
        made("chroma-lstm", (0.79, 0.71, 0.585), "Threadgold, 2018", parameters=66_000, reason=FLEX),
        made("vgg16-transfer", (0.962, 0.90, 0.80), "Threadgold, 2018", parameters=15_240_000, milliseconds=95,
             notes=(SCRATCH, QUIET)),
        made("multi-feature", (0.968, 0.93, 0.858), "Threadgold, 2018", parameters=410_000, milliseconds=2.2),
        made("wave-cnn", (0.88, 0.80, 0.66), "Seth, 2021", parameters=2_300, notes=(LEAK,), reported="77.0 %"),
        made("wave-lstm", (0.84, 0.74, 0.60), "Seth, 2021", parameters=260_000, notes=(LEAK,), reason=FLEX),
        made("spectrogram-cnn", (0.985, 0.942, 0.872), "Seth, 2021", parameters=330_000, notes=(LEAK,)),
        made("spectrogram-lstm", (0.951, 0.88, 0.77), "Seth, 2021", parameters=190_000, notes=(LEAK,), reason=FLEX),
        made("mfcc-lstm", (0.955, 0.91, 0.81), "mor234", parameters=298_000, milliseconds=6, reason=FLEX),
        made("random", (0.5, 0.49, 0.51), "baseline of Threadgold, 2018", parameters=0, reported="F1 0.49"),
        made("one-class", (0.5, 0.5, 0.5), "baseline of Threadgold, 2018", parameters=0, reported="F1 0.34"),
        made("veto", (0.99, 0.985, 0.97), "", labels=PRESENCE, parameters=73_267, reported=""),
        made("voice-presence", (0.98, 0.97, 0.91), "question and answer, 2017", labels=PRESENCE, reported=""),
    ]  # fmt: skip


def write(outcomes: list[Outcome], work: Path) -> Path:
    """A work folder that holds them."""
    for each in outcomes:
        path = work / each.recipe / "outcome.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(each))
    return work


@pytest.fixture(scope="session")
def outcomes() -> list[Outcome]:
    """All that there is to report."""
    return all_made()


@pytest.fixture(scope="session")
def work(outcomes: list[Outcome], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where they were made."""
    return write(outcomes, tmp_path_factory.mktemp("zoo"))


@pytest.fixture(scope="session")
def report(work: Path) -> Path:
    """The comparison of all of them, written once."""
    folder = work.parent / f"{work.name}-report"
    write_report(work, folder)
    return folder


@pytest.fixture
def make() -> Callable[..., Outcome]:
    """make(recipe, rights, …): one outcome."""
    return made


@pytest.fixture
def written(tmp_path: Path) -> Callable[[list[Outcome]], Path]:
    """written(outcomes): the folder of their comparison."""

    def compare(outcomes: list[Outcome]) -> Path:
        write_report(write(outcomes, tmp_path / "work"), tmp_path / "report")
        return tmp_path / "report"

    return compare
