"""A made-up evaluation to draw from."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("webrtcvad")
pytest.importorskip("ai_edge_litert")
pytest.importorskip("pyroomacoustics")
pytest.importorskip("mido")

from models import VOICE, load_model
from training.corpora import Recording
from training.figures import ages, forced, others, voices
from training.protocol import CONDITIONS, Answers
from training.report.evaluation import Cell, Evaluation, Worst

SPEC = load_model(VOICE).spec


def answers(corpus: str, *, right: float = 0.95, kind: str = "speech", age: int | None = None) -> list[Answers]:
    """Twenty windows of each of six speakers, half of them women."""
    rng = np.random.default_rng(len(corpus))
    made = []
    for number in range(6):
        gender = "female" if number % 2 else "male"
        row = Recording(
            f"{corpus}/{number}", kind, corpus, f"{corpus}-{number}", gender, age, "test", "test", "ours", ""
        )  # type: ignore[arg-type]
        sure = np.where(rng.random(20) < right, rng.uniform(0.6, 1, 20), rng.uniform(0, 0.4, 20))
        female = sure if gender == "female" else 1 - sure
        made.append(Answers(row, rng.uniform(0.4, 1, 20), rng.uniform(0, 1, 20), female, np.full(20, -20.0), False))
    return made


@pytest.fixture
def evaluation() -> Evaluation:
    """Every part filled."""
    corpora = ("librispeech", "speechocean762", "ravdess", "nemo")
    of = {name: {c: voices(answers(name), SPEC) for c in CONDITIONS} for name in corpora}
    few = {name: forced(answers(name), SPEC) for name in ("librispeech", "speechocean762")}
    epochs = [{"epoch": n, "loss": 0.4 / n, "score": 0.9, "label": 0.9, "women": 0.9, "men": 0.8} for n in (1.0, 2.0)]
    worst = [Worst(name, "clean", f"{name}/1", 1.0, "male", 0.98, "ours") for name in corpora[:2]]
    return Evaluation(
        model="made-up", digest="0" * 64, size=300_000, milliseconds=0.15, label_threshold=0.78, looked=True, voices=of,
        ages=ages([a for years in (6, 12, 15, 20, 30) for a in answers("x", age=years)], SPEC),
        others={"esc10 noise": others(answers("esc10", kind="noise"), SPEC)},
        ratios={name: forced(answers(name), SPEC) for name in ("0", "10")},
        emotions={"ravdess": {"angry": forced(answers("a"), SPEC), "sad": forced(answers("b"), SPEC)}},
        codecs=[Cell("none", "0–8 kHz", few), Cell("none", "0–4 kHz", few), Cell("gsm", "0–4 kHz", few)],
        worst=worst, training=epochs,
    )  # fmt: skip
