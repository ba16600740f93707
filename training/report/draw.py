"""All pictures and the page, from report/evaluation.json and report/worst.npz."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from training.report import accuracy, curves, heat, spectrograms
from training.report.evaluation import FOLDER, Evaluation, read_evaluation
from training.report.page import NAME, Picture, write_page

Draw = Callable[[Evaluation, Path], str]


def draw_report(folder: Path) -> list[Picture]:
    """Draw the report of the model in `folder`; what there is nothing to draw of, is left out."""
    found, seen = read_evaluation(folder)
    drawn: list[tuple[str, str, Draw]] = [
        ("accuracy", "Accuracy by corpus, gender and condition", accuracy.by_condition),
        ("confusion", "What is answered", curves.confusion),
        ("coverage-risk", "Coverage and risk", curves.coverage_and_risk),
        ("reliability", "Do the probabilities mean what they say?", curves.reliability),
        ("emotion", "Accuracy by emotion", accuracy.by_emotion),
        ("age", "Ages, and children", accuracy.by_age),
        ("ratio", "Accuracy by signal-to-noise ratio", accuracy.by_ratio),
        ("no-voice", "Noise, music and cries that get a gender", accuracy.of_no_voice),
        ("codecs", "Accuracy of 2 s windows by band and codec", heat.codecs),
        ("worst", "The worst errors", partial(_worst, seen=seen)),
        ("training", "Training", curves.training),
    ]
    pictures = []
    for name, title, draw in drawn:
        path = folder / FOLDER / f"{name}.png"
        path.unlink(missing_ok=True)  # of another model, maybe
        if found.voices and (caption := draw(found, path)):
            pictures.append(Picture(name, title, caption))
    write_page(found, pictures, folder / FOLDER / NAME)
    return pictures


def _worst(found: Evaluation, path: Path, *, seen: spectrograms.Spectrograms) -> str:
    return spectrograms.worst(found, seen, path)
