"""`python -m training VERB`: the options of each verb; the work is in the module of the same name."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from models import VOICE, GenderstreamError
from training.calls.cli import COMMANDS as CALLS
from training.zoo.cli import COMMANDS, own_options, train_recipe

_data = click.option("--data", type=click.Path(path_type=Path), default=Path("../shared/data"), show_default=True,
                     help="Folder of a corpus, or of several; see docs/corpora.md.")  # fmt: skip
_work = click.option("--work", type=click.Path(path_type=Path), default=Path("runs/voice"), show_default=True,
                     help="Folder for everything that is made on the way.")  # fmt: skip
_model = click.option("--model", type=click.Path(path_type=Path), default=VOICE, show_default="models/voice",
                      help="Model folder.")  # fmt: skip


@click.group()
def cli() -> None:
    """From public corpora to a TFLite model."""


@cli.command()
@_data
@_work
@click.option(
    "--teacher",
    type=click.Path(path_type=Path),
    default=VOICE,
    show_default="models/voice",
    help="Model folder that labels the unlabelled recordings.",
)
@click.option("--windows", default=140000, show_default=True, help="Augmented windows to train on.")
@click.option("--processes", default=2, show_default=True, help="Processes at work at once.")
@click.option("--seed", default=1, show_default=True, help="Of everything that is drawn.")
def prepare(data: Path, work: Path, teacher: Path, windows: int, processes: int, seed: int) -> None:
    """Decode, re-make, synthesise, augment: log-mel windows on disk. Resumes where it was interrupted."""
    _run("prepare", data, work, teacher=teacher, windows=windows, processes=processes, seed=seed)


@cli.command()
@click.option("--work", type=click.Path(path_type=Path), default=None, show_default="runs/voice; of a recipe runs/own",
              help="Folder for everything that is made on the way.")  # fmt: skip
@click.option("--epochs", type=int, default=None, show_default="6, or the recipe's",
              help="Passes over the windows to learn from.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, help="Of the weights, the order and the masks.")
@click.option("--start", type=click.Path(path_type=Path), default=None, show_default="training/start.keras",
              help="Network that goes on to learn: a .keras file.")  # fmt: skip
@click.option("--from-nothing", is_flag=True, help="Start with a network that knows nothing instead.")
@own_options
def train(work: Path | None, epochs: int | None, seed: int, start: Path | None, from_nothing: bool, **own: Any) -> None:
    """Train the network, or a recipe on two folders of sounds; resumes after the last whole epoch."""
    if any(own.values()):
        train_recipe(work or Path("runs/own"), epochs, seed, own)
    else:
        given = {"start": None} if from_nothing else {"start": start} if start else {}
        _run("train", work or Path("runs/voice"), epochs=6 if epochs is None else epochs, seed=seed, **given)


@cli.command()
@_work
def calibrate(work: Path) -> None:
    """Choose what the logits mean as probabilities, and the thresholds, on the dev split."""
    _run("calibrate", work)


@cli.command()
@_data
@_work
@_model
def export(data: Path, work: Path, model: Path) -> None:
    """Write the model folder: both TFLite files, accepted against Keras, and spec.json."""
    _run("export", data, work, model)


@cli.command()
@_work
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path))
def compare(work: Path, models: tuple[Path, ...]) -> None:
    """Print a table of model folders side by side on the dev split."""
    _run("compare", work, folders=list(models))


@cli.command()
@_data
@_model
@click.option("--look", is_flag=True, help="Also measure on evaluate-only data. Every look is logged; ten at most.")
@click.option("--reason", default="", help="Why a look is due; goes into the log.")
@click.option("--work", type=click.Path(path_type=Path), default=None,
              help="Folder that this very model was trained in: its training curves go into the report.")  # fmt: skip
def evaluate(data: Path, model: Path, look: bool, reason: str, work: Path | None) -> None:
    """Measure the exported model by the fixed protocol; writes report/ and CARD.md."""
    _run("evaluate", data, model, look=look, reason=reason, work=work)


for _command in (*COMMANDS, *CALLS):
    cli.add_command(_command)


def _run(verb: str, *arguments: Path, **options: object) -> None:
    """Call the function `verb` of the module `verb`, imported only now: TensorFlow takes seconds to load."""
    getattr(import_module(f"training.{verb}"), verb)(*arguments, **options)


def main() -> None:
    """Run a verb; what the user can mend is said in one line."""
    try:
        cli()
    except GenderstreamError as error:
        print(f"training: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
