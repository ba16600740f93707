"""CARD.md: what the model is for, for whom it fails, what it stands on, and what was measured."""

from pathlib import Path
from string import Template

from models import ModelSpec
from training.figures import Share, Voices
from training.report.bars import Row, bars, interval, percent
from training.report.evaluation import Evaluation

_TEMPLATE = Path(__file__).with_name("card.md")
_HALF = 0.5  # of the windows


def write_card(folder: Path, spec: ModelSpec, found: Evaluation) -> str:
    """Write the card of the model in `folder`; returns its tables."""
    said = {"bars": bar_table(bars(found)), "tables": measured(found), "risk": risk_said(found)}
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        said, name=spec.name, milliseconds=f"{found.milliseconds:.2f}",
        commit=spec.training.commit, digest=spec.training.data_digest[:12],
        speech=spec.thresholds.speech, decidable=spec.thresholds.decidable, label=spec.thresholds.label,
    )  # fmt: skip
    (folder / "CARD.md").write_text(text, encoding="utf-8")
    return "\n\n".join(said.values())


def bar_table(rows: list[Row]) -> str:
    """What the project asks of the model, as a Markdown table."""
    lines = ["| what is asked | bar | stretch | measured | met? |", "| --- | --- | --- | --- | --- |"]
    return "\n".join(lines + [f"| {r.on} | {r.bar} | {r.stretch} | {r.measured} | {r.met} |" for r in rows])


def measured(found: Evaluation) -> str:
    """Accuracy, ages and false accepts as Markdown tables, in percent."""
    rows = ["| grown voices | forced, all | women | men | answered | right of those |", "|" + " --- |" * 6]
    for corpus, of in found.voices.items():
        rows += [_voices_row(f"{corpus}, {condition}", each) for condition, each in of.items()]
    rows += ["", "| age | girls or women that get a gender | boys or men |", "| --- | --- | --- |"]
    rows += [
        f"| {name} | {_counted(a.gendered.female)} | {_counted(a.gendered.male)} |" for name, a in found.ages.items()
    ]
    rows += ["", "| no voice to decide on | clips that get a gender | windows |", "| --- | --- | --- |"]
    rows += [
        f"| {name} ({o.asked} of {o.clips} clips pass the VAD) | {interval(o.by_clip)} | {interval(o.by_window)} |"
        for name, o in found.others.items()
    ]
    return "\n".join(rows)


def risk_said(found: Evaluation) -> str:
    """The coverage-risk statement: how wrong the answers are at the shipped threshold, and at half coverage."""
    said = []
    for corpus, of in found.voices.items():
        clean = of["clean"]
        if clean.coverage and clean.answered.all:
            wrong, half = 1 - clean.answered.all.value, [p.risk for p in clean.risk if p.coverage <= _HALF]
            text = f"{corpus}: {percent(clean.coverage.value)} % answered, {percent(wrong)} % of those wrong"
            said.append(text + (f" ({percent(half[-1])} % in the surest half)" if half else ""))
    return "Coverage and risk, at the label threshold " + f"{found.label_threshold:g}: " + "; ".join(said) + "."


def _voices_row(name: str, each: Voices) -> str:
    return (
        f"| {name} | {interval(each.forced.all)} | {interval(each.forced.female)} | {interval(each.forced.male)} "
        f"| {interval(each.coverage)} | {interval(each.answered.all)} |"
    )


def _counted(share: Share | None) -> str:
    return f"{interval(share)}, {share.speakers} speakers" if share else "–"
