"""index.html: the comparison as one page without scripts, its pictures in it."""

import re
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from training.report.css import STYLE
from training.zoo.report.sections import TITLE, Block, Picture, Section
from training.zoo.report.tables import Line, Table

_STYLE = """\
:root { --paper: #fff; --sand: #f3eee4; --bar: #cfe3ec; --link: #00586a; }
body { background: var(--paper); max-width: 74rem; } a { color: var(--link); } code { font-size: .92em; }
ul { max-width: 46rem; padding-left: 1.2rem; } li { margin: .35rem 0; } h3 { font-size: 1rem; margin: 1.6rem 0 .2rem; }
section > figure { margin-bottom: 1.6rem; } summary { cursor: pointer; margin: .6rem 0; color: var(--link); }
td { white-space: nowrap; } td.words { white-space: normal; min-width: 11rem; max-width: 24rem; }
th { vertical-align: bottom; } td, th { padding-left: .4rem; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--paper); font-weight: 600; z-index: 1; }
tr.shipped td { background: var(--sand); border-bottom: 2px solid var(--ink); }
td.share, tr.shipped td.share { background-image: linear-gradient(var(--bar), var(--bar)); background-repeat: no-repeat;
  background-size: var(--right) 1.5em; background-position: 0 .25em; }
tr.noted td { border-bottom: 0; padding-bottom: 0; }
tr.note td { white-space: normal; color: var(--no); font-weight: 600; padding-top: 0; position: static; }
tr.note div { max-width: 44rem; } tr.shipped.noted td { border-bottom: 0; }
@media (max-width: 48rem) { body { padding: 1rem .8rem 3rem; } h1 { font-size: 1.5rem; }
  figure img { max-width: none; width: 38rem; } #worth img { width: 100%; } }
@media (prefers-color-scheme: dark) {
  :root { color-scheme: dark; --paper: #15171a; --ink: #e8e8ea; --soft: #a2a5ab; --line: #34373c; --no: #ff7ab8;
          --yes: #5cc9bd; --sand: #2b2a25; --bar: #1d4655; --link: #7fc4d6; }
  figure img { filter: invert(1) hue-rotate(180deg); mix-blend-mode: screen; }
}
"""
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<h1>$title</h1>
<p class="soft">Written by <code>python -m training zoo</code>, never by hand. As Markdown:
<a href="README.md">README.md</a>; bare numbers: <a href="zoo.csv">zoo.csv</a>. The shipped model has a
<a href="../voice/CARD.md">card</a>, and a page on <a href="../voice/report/ideas.md">what each of its own ideas
gave</a>.</p>
<nav>$contents</nav>
$sections
</body>
</html>
""")


def write_page(said: Sequence[Section], path: Path) -> None:
    """Write all sections; the pictures lie beside the page, and go into it."""
    path.write_text(_PAGE.substitute(
        title=escape(TITLE), style=STYLE + _STYLE,
        contents="\n".join(f'<a href="#{each.key}">{escape(each.title)}</a>' for each in said),
        sections="\n".join(_section(each, path.parent) for each in said),
    ), encoding="utf-8")  # fmt: skip


def _section(section: Section, folder: Path) -> str:
    blocks = "\n".join(_block(block, folder) for block in section.blocks)
    return f'<section id="{section.key}">\n<h2>{escape(section.title)}</h2>\n{blocks}\n</section>'


def _block(block: Block, folder: Path) -> str:
    match block:
        case Picture(name, title, caption):
            inside = b64encode((folder / f"{name}.png").read_bytes()).decode()
            image = f'<img src="data:image/png;base64,{inside}" alt="{escape(title)}">'
            return f'<figure><div class="wide">{image}</div><figcaption>{_marked(caption)}</figcaption></figure>'
        case Table():
            return _table(block)
        case list():
            return "<ul>" + "".join(f"<li>{_marked(point)}</li>" for point in block) + "</ul>"
    return f"<p>{_marked(block)}</p>"


def _marked(text: str) -> str:
    """HTML of text with **bold** and `names`."""
    bold = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", bold)


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    body = "\n".join(_line(line) for line in table.lines)
    text = f'<div class="wide"><table>\n<tr>{head}</tr>\n{body}\n</table></div>'
    if table.folded:
        return f"<details><summary>{escape(table.title)}</summary>{text}</details>"
    return f"<h3>{escape(table.title)}</h3>{text}" if table.title else text


def _line(line: Line) -> str:
    """A row, and its loud notes in one of their own."""
    names = ["shipped"] * line.shipped + ["noted"] * bool(line.loud)
    row = f'<tr class="{" ".join(names)}">{"".join(_cell(line, place) for place in range(len(line.cells)))}</tr>'
    if not line.loud:
        return row
    notes = "".join(f"<div>⚠ {_marked(note)}</div>" for note in line.loud)
    kind = "note shipped" if line.shipped else "note"
    return f'{row}\n<tr class="{kind}"><td colspan="{len(line.cells)}">{notes}</td></tr>'


def _cell(line: Line, place: int) -> str:
    text = escape(line.cells[place])
    if place in line.shares:
        bar = max(0.0, 200 * line.shares[place] - 100)  # % of the cell, from guessing on
        return f'<td class="share" style="--right: {bar:.1f}%">{text}</td>'
    return f'<td class="words">{text}</td>' if len(text) > 24 else f"<td>{text}</td>"
