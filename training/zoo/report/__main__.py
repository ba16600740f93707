"""`python -m training.zoo.report`: write the comparison again."""

from pathlib import Path

import click

from training.zoo.report.write import FOLDER, write_report


@click.command()
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/zoo"), show_default=True,
              help="Folder of the trained recipes, each with its outcome.json.")  # fmt: skip
@click.option("--folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True,
              help="Where the comparison goes.")  # fmt: skip
def report(work: Path, folder: Path) -> None:
    """Draw pictures, tables and page from what was measured."""
    write_report(work, folder)
    print(folder / "index.html")


if __name__ == "__main__":
    report()
