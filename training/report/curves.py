"""Pictures of confusion, reliability, coverage and risk, and of training."""

from pathlib import Path

import numpy as np

from training.figures import ANSWERS
from training.report.bars import percent
from training.report.evaluation import Evaluation
from training.report.style import CORPUS_COLOURS, LINES, SAID, legend, matrix, name_of, panels, save

_ANSWERS_SAID = {
    "female": "woman", "male": "man", "low_confidence": "not\nsure", "undecidable": "un-\ndecidable",
    "not_speech": "no\nvoice",
}  # fmt: skip
_SHOWN = ("clean", "G.711")  # conditions of the reliability curves


def confusion(found: Evaluation, path: Path) -> str:
    """What women's and men's windows were answered with, a panel for each corpus, clean."""
    many = len(found.voices)
    columns = min(many, 2)
    figure, grid = panels(columns, -(-many // columns), width=4.2, height=2.2)
    for axes, (corpus, of) in zip(grid.flat, found.voices.items(), strict=False):
        counts = np.array(
            [[of["clean"].confusion[truth][answer] for answer in ANSWERS] for truth in ("female", "male")]
        )
        matrix(axes, counts, [_ANSWERS_SAID[each] for each in ANSWERS], ("women", "men"))
        axes.set_title(f"{name_of(corpus)} ({counts.sum()} windows)")
    for axes in list(grid.flat)[many:]:
        axes.axis("off")
    save(figure, path)
    return ("What the model answers at its thresholds, clean: percent of each row, windows below. The last three "
            "columns are the reasons for `unknown`.")  # fmt: skip


def reliability(found: Evaluation, path: Path) -> str:
    """What was said against what was found in ten bins of equal mass, clean and by telephone."""
    many = len(found.voices)
    figure, grid = panels(min(many, 4), -(-many // 4), width=3.3, height=3.5, sharey=True)
    worst = (0.0, "")
    for axes, (corpus, of) in zip(grid.flat, found.voices.items(), strict=False):
        axes.plot((0, 1), (0, 1), color="#999999", linewidth=1)
        for condition, colour, line, mark in zip(_SHOWN, CORPUS_COLOURS, LINES, "os", strict=False):
            if each := of.get(condition):
                error = each.calibration.value if each.calibration else float("nan")
                axes.plot([b.said for b in each.reliability], [b.found for b in each.reliability], color=colour,
                          linestyle=line, marker=mark, markersize=4.5, label=f"{condition}: {error:.3f}")  # fmt: skip
                worst = max(worst, (error, f"{name_of(corpus)}, {condition}"))
        axes.set(
            title=name_of(corpus), xlabel="probability said", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal"
        )
        axes.legend(loc="upper left", fontsize=9, title="error (ECE)", title_fontsize=9)
    grid[0][0].set_ylabel("share of women found")
    save(figure, path)
    return ("Each point is a tenth of the windows not vetoed: the mean probability of a woman's voice, and how many "
            "were women. On the line, a probability means what it says; above it at the left end, the model takes "
            f"women for men and is sure of it. Largest error: {worst[1]}, {worst[0]:.3f}.")  # fmt: skip


def coverage_and_risk(found: Evaluation, path: Path) -> str:
    """How wrong the answers are, the fewer windows are answered."""
    figure, grid = panels(1, width=6.2, height=3.9)
    axes = grid[0][0]
    for (corpus, of), colour, line in zip(found.voices.items(), CORPUS_COLOURS, LINES, strict=False):
        clean = of["clean"]
        axes.plot([100 * p.coverage for p in clean.risk], [100 * p.risk for p in clean.risk], color=colour,
                  linestyle=line, linewidth=1.8, label=name_of(corpus))  # fmt: skip
        if clean.coverage and clean.answered.all:
            axes.plot(100 * clean.coverage.value, 100 * (1 - clean.answered.all.value), "o", color=colour, markersize=8)
    axes.axhline(3, color="#777777", linestyle="--", linewidth=1)
    axes.set(xlabel="coverage: windows answered, %", ylabel="risk: wrong of those, %", xlim=(0, 101))
    axes.set_ylim(bottom=-0.2)
    axes.legend(loc="upper left")
    save(figure, path)
    each = [f"{name_of(corpus)} {percent(1 - clean.answered.all.value)} % at {percent(clean.coverage.value)} %"
            for corpus, clean in ((corpus, of["clean"]) for corpus, of in found.voices.items())
            if clean.answered.all and clean.coverage]  # fmt: skip
    return (
        "Clean speech, from the surest windows on; a curve ends where the other thresholds refuse. Dots: the shipped "
        f"threshold ({found.label_threshold:g}). The dashed line is the bar. Wrong of the answered: {'; '.join(each)}."
    )


def training(found: Evaluation, path: Path) -> str:
    """The loss and what the network was worth on the dev split, epoch by epoch."""
    if not found.training:
        return ""
    epochs = [1 + each["epoch"] for each in found.training]
    figure, grid = panels(2, width=4.4, height=3.4)
    grid[0][0].plot(epochs, [each["loss"] for each in found.training], color="#333333", marker="o")
    grid[0][0].set(xlabel="epoch", ylabel="training loss", title="loss")
    shown = {"label": "label, mean", "women": SAID["female"], "men": SAID["male"], "noise": "noise refused",
             "children": "children refused"}  # fmt: skip
    for (key, name), colour, line in zip(shown.items(), ("#333333", "#b3106e", "#00798c", "#d55e00", "#8c5fa8"),
                                         ("-", "-", "-", "--", "-."), strict=True):  # fmt: skip
        if all(key in each for each in found.training):
            grid[0][1].plot(epochs, [100 * each[key] for each in found.training], color=colour, linestyle=line,
                            marker="o", markersize=3.5, label=name)  # fmt: skip
    grid[0][1].set(xlabel="epoch", ylabel="right, %", title="dev split, all conditions, re-made voices too")
    legend(figure, grid[0][1])
    for axes in grid[0]:
        axes.set_xticks(epochs if len(epochs) <= 12 else epochs[:: len(epochs) // 8])
    save(figure, path)
    best = max(found.training, key=lambda each: each["score"])
    return (f"Training: {len(epochs)} epochs; the dev score was highest, {best['score']:.4f}, after epoch "
            f"{1 + best['epoch']:.0f}.")  # fmt: skip
