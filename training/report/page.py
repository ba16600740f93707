"""report/index.html: one page without scripts: what is asked, what was measured, and the pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from training.figures import ByGender, Share
from training.protocol import CONDITIONS_SAID
from training.report.bars import bars, interval
from training.report.css import STYLE
from training.report.evaluation import Evaluation
from training.report.heat import cells
from training.report.style import name_of

NAME = "index.html"
_GROUP = "\x00"  # begins the one cell of a row that heads those below it


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG beside the page."""

    name: str
    title: str
    caption: str


_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$model: evaluation</title>
<style>
$style</style>
</head>
<body>
<h1>$model: what it gets right, and what not</h1>
<p class="soft">Model file $digest, $size kB, $milliseconds ms a window on one core. $looked</p>
<p>The labels mean <strong>the gender that listeners would perceive in the voice</strong>; they say nothing of who
somebody is. What the model is for and for whom it fails is in its <a href="../CARD.md">card</a>; the numbers behind
this page are in <a href="evaluation.json">evaluation.json</a>.</p>
<p>Windows of 2 s, every 0.5 s, no context; gate: WebRTC VAD mode 2, half the window voiced; shorter files padded with
silence. Forced choice counts every gated window, those taken for no voice as wrong. In brackets and as bars: 95 %
intervals by drawing whole speakers anew (1000 draws). Noise, rooms and wind are drawn from each file's path, the same
for every model.</p>
<nav>$contents</nav>
$sections
</body>
</html>
""")


def write_page(found: Evaluation, pictures: Sequence[Picture], path: Path) -> None:
    """Write the page, its pictures beside it."""
    sections = [("asked", "What is asked, and what was measured", _bars(found))]
    sections += [(each.name, each.title, _figure(each)) for each in pictures]
    sections += [
        ("conditions", "The conditions", _conditions()),
        ("voices", "Table: grown voices", _table(_voices(found))),
        ("ages", "Table: ages", _table(_ages(found))),
        ("others", "Table: no voice to decide on", _table(_others(found))),
        ("bands", "Table: band and codec, all (women / men)", _table(cells(found)) if found.codecs else ""),
    ]
    shown = [each for each in sections if each[2]]
    looked = "Evaluate-only corpora (RAVDESS, nEMO, some music) are in it; each look is in looks.csv."
    path.write_text(_PAGE.substitute(
        style=STYLE, model=escape(found.model), digest=found.digest[:12], size=f"{found.size / 1000:.0f}",
        milliseconds=f"{found.milliseconds:.2f}",
        looked=looked if found.looked else "Evaluate-only corpora (RAVDESS, nEMO, some music) were not looked at.",
        contents="\n".join(f'<a href="#{key}">{escape(title)}</a>' for key, title, _ in shown),
        sections="\n".join(f'<section id="{key}">\n<h2>{escape(title)}</h2>\n{body}\n</section>'
                           for key, title, body in shown),
    ), encoding="utf-8")  # fmt: skip


def _figure(each: Picture) -> str:
    image = f'<img src="{each.name}.png" alt="{escape(each.title)}" loading="lazy">'
    return f'<figure><div class="wide">{image}</div><figcaption>{escape(each.caption)}</figcaption></figure>'


def _bars(found: Evaluation) -> str:
    rows = [["on", "bar", "stretch", "measured", "met?"]]
    rows += [[row.on, row.bar, row.stretch, row.measured, row.met] for row in bars(found)]
    return _table(rows, marked=True)


def _conditions() -> str:
    items = [f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in CONDITIONS_SAID.items()]
    return "<dl>" + "".join(items) + "</dl>"


def _voices(found: Evaluation) -> list[list[str]]:
    rows = [["condition", "forced, all", "women", "men", "gap", "vetoed", "answered", "right of those", "ECE"]]
    for corpus, of in found.voices.items():
        share = of["clean"].forced.all
        said = f"{share.windows} windows clean, {share.speakers} speakers" if share else ""
        rows.append([f"{_GROUP}{name_of(corpus)}, {said}"])
        for name, v in of.items():
            error = (
                f"{v.calibration.value:.3f} ({v.calibration.low:.3f}–{v.calibration.high:.3f})"
                if v.calibration
                else "–"
            )
            rows.append([name, *_genders(v.forced), interval(v.gap), interval(v.vetoed), interval(v.coverage),
                         interval(v.answered.all), error])  # fmt: skip
    return rows


def _ages(found: Evaluation) -> list[list[str]]:
    rows = [["age", "get a gender: all", "girls, women", "boys, men", "right if forced: girls, women", "boys, men"]]
    for name, age in found.ages.items():
        shares = [age.gendered.all, age.gendered.female, age.gendered.male, age.forced.female, age.forced.male]
        rows.append([name, *(_counted(share) for share in shares)])
    return rows


def _others(found: Evaluation) -> list[list[str]]:
    rows = [["sound", "clips", "of which pass the VAD", "clips that get a gender", "windows that do", "windows"]]
    for name, each in found.others.items():
        windows = str(each.by_window.windows) if each.by_window else "0"
        rows.append([name, str(each.clips), str(each.asked), interval(each.by_clip), interval(each.by_window), windows])
    return rows


def _genders(shares: ByGender) -> list[str]:
    return [interval(shares.all), interval(shares.female), interval(shares.male)]


def _counted(share: Share | None) -> str:
    return f"{interval(share)}, {share.speakers} sp." if share else "–"


def _table(rows: Sequence[Sequence[str]], *, marked: bool = False) -> str:
    """HTML of a table whose first row is its head; with `marked`, its last column says yes or no."""
    lines = [_row(rows[0], "th")]
    for row in rows[1:]:
        if row[0].startswith(_GROUP):
            lines.append(f'<tr class="group"><th colspan="{len(rows[0])}">{escape(row[0][1:])}</th></tr>')
        else:
            lines.append(
                _row(row, "td", last={"no": "no", "yes": "yes", "stretch": "yes"}.get(row[-1], "") if marked else "")
            )
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _row(cells_: Sequence[str], tag: str, *, last: str = "") -> str:
    ends = f' class="{last}"' if last else ""
    inner = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells_[:-1])
    return f"<tr>{inner}<{tag}{ends}>{escape(cells_[-1])}</{tag}></tr>"
