"""README.md, index.html, zoo.csv and the pictures, from every outcome.json of a zoo's folder."""

from pathlib import Path

from training.zoo.report.markdown import write_markdown
from training.zoo.report.outcomes import read_outcomes, tasks
from training.zoo.report.page import write_page
from training.zoo.report.sections import sections
from training.zoo.report.tables import write_csv

FOLDER = Path("models/zoo")


def write_report(work: Path, folder: Path = FOLDER) -> None:
    """Write the comparison of all recipes trained in `work` to `folder`. Raises UnusableError where there is none."""
    found = tasks(read_outcomes(work))
    folder.mkdir(parents=True, exist_ok=True)
    said = sections(found, work, folder)
    write_csv(found, folder / "zoo.csv")
    write_markdown(said, folder / "README.md")
    write_page(said, folder / "index.html")
