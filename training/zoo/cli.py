"""The zoo's verbs: their options; the work is in the modules of this package."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from models import UnusableError

_path = click.Path(path_type=Path)
_set = click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
                    help="Another value for a recipe's setting, such as training.rate=1e-4. Repeatable.")  # fmt: skip
_data = click.option("--data", type=_path, default=Path("../shared/data"), show_default=True,
                     help="Folder of the corpora; see docs/corpora.md.")  # fmt: skip
_work = click.option("--work", type=_path, default=Path("runs/zoo"), show_default=True,
                     help="Folder for everything that is made on the way.")  # fmt: skip
_quick = click.option("--quick", is_flag=True, help="A few windows, one epoch: proves that all works. "
                      "Makes its own sounds where --data is missing.")  # fmt: skip
_OWN = (
    click.option("--recipe", help="Train a recipe of the zoo on two folders of sounds, as a model that runs."),
    click.option("--folders", nargs=2, type=_path, help="Of a recipe: the two folders of sounds."),
    click.option("--labels", metavar="FIRST,SECOND", help="Of a recipe: what the sounds in them are called."),
    click.option("--gate", type=click.Choice(["vad", "none"]),
                 help="Of a recipe: whether windows must be half speech [default: none]."),
    click.option("--model", type=_path, help="Of a recipe: the model folder to write."),
    _set,
)  # fmt: skip


@click.command()
@click.option("--recipes", default="all", show_default=True, help="Names, comma-separated, or `all`.")
@_data
@click.option("--work", type=_path, default=None, show_default="runs/zoo; of a quick run runs/quick",
              help="Folder for everything that is made on the way.")  # fmt: skip
@_quick
@_set
@click.option("--model", type=_path, default=None, show_default="models/zoo; of a quick run WORK/report",
              help="Folder that the comparison is written to.")  # fmt: skip
def zoo(
    recipes: str, data: Path, work: Path | None, quick: bool, settings: tuple[str, ...], model: Path | None
) -> None:
    """Train, export and compare recipes. Resumes where it was interrupted."""
    from training.zoo.recipe import read_settings
    from training.zoo.run import zoo as run

    made = work or Path("runs/quick" if quick else "runs/zoo")
    folder = model or (made / "report" if quick else Path("models/zoo"))
    run(recipes, data, made, settings=read_settings(settings), quick=quick, model=folder)


@click.command()
@click.option("--recipe", required=True, help="A recipe that `zoo` has trained in --work.")
@click.argument("files", nargs=-1, required=True, type=_path)
@_work
def predict(recipe: str, files: tuple[Path, ...], work: Path) -> None:
    """Print what a trained recipe says of files: path, label and probability."""
    from training.zoo.predict import predict_files

    predict_files(recipe, files, work)


@click.command()
@click.option("--recipe", default="spectral-ann", show_default=True, help="One with a sigmoid at its end.")
@_data
@click.option("--work", type=_path, default=Path("runs/tune"), show_default=True,
              help="Folder for the results, as JSON and pictures.")  # fmt: skip
@click.option("--epochs", default=40, show_default=True, help="Of each training, at most.")
@_quick
@_set
def tune(recipe: str, data: Path, work: Path, epochs: int, quick: bool, settings: tuple[str, ...]) -> None:
    """Train a recipe with every optimiser and every loss. Resumes where it was interrupted."""
    from training.zoo.recipe import read_recipe, read_settings
    from training.zoo.run import reader
    from training.zoo.tune import tune as run

    sets = reader(data, quick=quick)(read_recipe(recipe).task)
    changes = {"training.epochs": 1 if quick else epochs, **read_settings(settings)}
    run(recipe, sets, work, settings=changes, quick=quick)


def own_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options with which `train` trains a recipe."""
    for option in reversed(_OWN):
        command = option(command)
    return command


def train_recipe(work: Path, epochs: int | None, seed: int, own: dict[str, Any]) -> None:
    """`train` with any of own_options. Raises UnusableError where one that it wants is missing."""
    missing = [f"--{name}" for name in ("recipe", "folders", "labels", "model") if not own[name]]
    labels = (own["labels"] or "").split(",")
    if missing:
        raise UnusableError(f"{', '.join(missing)} missing: a recipe of one's own wants "
                            "--recipe NAME --folders A B --labels FIRST,SECOND --model OUT")  # fmt: skip
    if len(labels) != 2:
        raise UnusableError(f"--labels {own['labels']}: expected two names with a comma between them, as siren,other")
    from training.zoo.own import train_own
    from training.zoo.recipe import read_settings

    settings = ({"training.epochs": epochs} if epochs else {}) | read_settings(own["settings"])
    train_own(
        own["recipe"], own["folders"], (labels[0], labels[1]), gate=own["gate"] or "none", model=own["model"],
        work=work, settings=settings, seed=seed,
    )  # fmt: skip


COMMANDS = (zoo, predict, tune)
