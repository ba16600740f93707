"""`python -m training.report --model FOLDER`: draw the report again."""

from pathlib import Path

import click

from models import VOICE
from training.report.draw import draw_report
from training.report.evaluation import FOLDER
from training.report.page import NAME


@click.command()
@click.option("--model", type=click.Path(path_type=Path), default=VOICE, show_default="models/voice",
              help="Model folder with report/evaluation.json.")  # fmt: skip
def report(model: Path) -> None:
    """Draw pictures and page from report/evaluation.json."""
    pictures = draw_report(model)
    print(f"{len(pictures)} pictures, {model / FOLDER / NAME}")


if __name__ == "__main__":
    report()
