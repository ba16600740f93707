"""CARD.md: what the model is for, for whom it fails, what it stands on, and what was measured."""

import math
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from models import ModelSpec
from training.figures import Share

if TYPE_CHECKING:
    from training.evaluate import Evaluation

_TEMPLATE = Path(__file__).with_name("card.md")


def write_card(folder: Path, spec: ModelSpec, found: "Evaluation") -> str:
    """Write the card of the model in `folder`; returns its tables."""
    tables = measured(found)
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=spec.name, milliseconds=f"{found.milliseconds:.2f}", tables=tables,
        commit=spec.training.commit, digest=spec.training.data_digest[:12],
        speech=spec.thresholds.speech, decidable=spec.thresholds.decidable, label=spec.thresholds.label,
    )  # fmt: skip
    (folder / "CARD.md").write_text(text, encoding="utf-8")
    return tables


def measured(found: "Evaluation") -> str:
    """The evaluation as Markdown tables, in percent."""
    rows = [
        "| grown voices | forced, all | women | men | vetoed | answered | right of those | ECE |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, v in found.voices.items():
        rows.append(
            f"| {name} ({v.forced.speakers} speakers) | {_interval(v.forced)} | {_interval(v.female)} "
            f"| {_interval(v.male)} | {_percent(v.vetoed)} | {_percent(v.coverage)} | {_percent(v.answered)} "
            f"| {v.calibration_error:.3f} |"
        )
    rows += ["", "| speakers under 18 | windows that get a gender |", "| --- | --- |"]
    rows += [
        f"| {name} ({c.gendered.speakers} speakers) | {_interval(c.gendered)} |" for name, c in found.children.items()
    ]
    rows += ["", "| no voice | clips that get a gender | of the windows that pass the VAD |", "| --- | --- | --- |"]
    rows += [
        f"| {name} ({o.clips} clips) | {_percent(o.clips_gendered)} | {_percent(o.windows_gendered)} of {o.windows} |"
        for name, o in found.others.items()
    ]
    return "\n".join(rows)


def _interval(share: Share) -> str:
    return f"{_percent(share.value)} ({_percent(share.low)}–{_percent(share.high)})"


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}"
