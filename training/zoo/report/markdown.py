"""README.md: the comparison as Markdown."""

from collections.abc import Sequence
from pathlib import Path

from training.zoo.report.sections import TITLE, Block, Picture, Section
from training.zoo.report.tables import Line, Table

_HEAD = """# {title}

Written by `python -m training zoo`, never by hand; drawn again by `python -m training.zoo.report`. As a page:
[index.html](index.html); bare numbers: [zoo.csv](zoo.csv). The shipped model has a [card](../voice/CARD.md), and a
page on [what each of its own ideas gave](../voice/report/ideas.md).
"""


def write_markdown(said: Sequence[Section], path: Path) -> None:
    """Write all sections."""
    parts = [_HEAD.format(title=TITLE)]
    for section in said:
        parts.append(f"## {section.title}\n")
        parts += [_block(block) for block in section.blocks]
    path.write_text("\n".join(parts), encoding="utf-8")


def _block(block: Block) -> str:
    match block:
        case Picture(name, title, caption):
            return f"![{title}]({name}.png)\n\n{caption}\n"
        case Table():
            return _table(block)
        case list():
            return "".join(f"- {point}\n" for point in block)
    return f"{block}\n"


def _table(table: Table) -> str:
    """Loud notes as a last column, where there are any."""
    loud = any(line.loud for line in table.lines)
    rows = [[*table.head, "read this first"] if loud else table.head, ["---"] * (len(table.head) + loud)]
    rows += [_cells(line, loud=loud) for line in table.lines]
    text = "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
    if table.folded:
        return f"<details><summary>{table.title}</summary>\n\n{text}\n</details>\n"
    return f"**{table.title}**\n\n{text}" if table.title else text


def _cells(line: Line, *, loud: bool) -> list[str]:
    """The shipped model in bold."""
    cells = [_escaped(cell) for cell in line.cells]
    cells = [f"**{cell}**" for cell in cells] if line.shipped else [f"`{cells[0]}`", *cells[1:]]
    return [*cells, " ".join(f"⚠ **{_escaped(note)}**" for note in line.loud)] if loud else cells


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
