"""The zoo's verbs: their options; the work is in the modules of this package."""

from pathlib import Path

import click

_path = click.Path(path_type=Path)
_set = click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
                    help="Another value for a recipe's setting, such as training.rate=1e-4. Repeatable.")  # fmt: skip
_data = click.option("--data", type=_path, default=Path("../shared/data"), show_default=True,
                     help="Folder of the corpora; see docs/corpora.md.")  # fmt: skip
_work = click.option("--work", type=_path, default=Path("runs/zoo"), show_default=True,
                     help="Folder for everything that is made on the way.")  # fmt: skip


@click.command()
@click.option("--recipes", default="all", show_default=True, help="Names, comma-separated, or `all`.")
@_data
@_work
@click.option("--quick", is_flag=True, help="A few windows, one epoch: proves that all works, measures nothing.")
@_set
@click.option("--model", type=_path, default=None, show_default="models/zoo; of a quick run WORK/report",
              help="Folder that the comparison is written to.")  # fmt: skip
def zoo(recipes: str, data: Path, work: Path, quick: bool, settings: tuple[str, ...], model: Path | None) -> None:
    """Train, export and compare recipes. Resumes where it was interrupted."""
    from training.zoo.recipe import read_settings
    from training.zoo.run import zoo as run

    folder = model or (work / "report" if quick else Path("models/zoo"))
    run(recipes, data, work, settings=read_settings(settings), quick=quick, model=folder)


COMMANDS = (zoo,)
