"""The verbs about calls: their options; the work is in the modules of this package."""

from pathlib import Path
from typing import Any

import click

from models import VOICE

_path = click.Path(path_type=Path)
_data = click.option("--data", type=_path, default=Path("../shared/data"), show_default=True,
                     help="Folder of a corpus, or of several; see docs/corpora.md.")  # fmt: skip
_model = click.option("--model", type=_path, default=VOICE, show_default="models/voice", help="Model folder.")


@click.command()
@_data
@_model
@click.option("--legs", default=500, show_default=True, help="Legs of one speaker; of the others in proportion.")
@click.option("--split", type=click.Choice(["dev", "test"]), default="test", show_default=True,
              help="Whose speakers call.")  # fmt: skip
@click.option("--look", is_flag=True, help="Also make calls of evaluate-only data. Looks are logged; ten at most.")
@click.option("--reason", default="", help="Why a look is due; goes into the log.")
@click.option("--out", type=_path, default=None, show_default="MODEL/report/calls", help="Folder for the report.")
def calls(data: Path, model: Path, **options: Any) -> None:
    """Measure verdicts, turns and speaking time on simulated calls; writes a report."""
    from training.calls.measure import calls as run

    run(data, model, **options)


@click.command()
@_data
@click.option("--work", type=_path, default=Path("runs/voice"), show_default=True,
              help="Folder with the prepared windows; the folds' networks are trained in it.")  # fmt: skip
@_model
@click.option("--folds", default=5, show_default=True, help="Networks, each without its part of the speakers.")
@click.option("--legs", default=2, show_default=True, help="Simulated legs of each speaker.")
@click.option("--alternating", default=200, show_default=True, help="Simulated legs of two speakers, in all.")
@click.option("--windows", default=40000, show_default=True, help="Prepared windows that each network learns from.")
@click.option("--epochs", default=6, show_default=True, help="Passes of each network over the windows.")
def spread(data: Path, work: Path, model: Path, **options: Any) -> None:
    """Estimate the parameters of turns and verdicts by cross-fitting; writes them into the model's spec.json.

    `decidable` is estimated last, on the dev split's children.

    Resumes after the last whole epoch of the last fold.
    """
    from training.calls.spread import spread as run

    run(data, work, model, **options)


@click.command()
@_data
@_model
@click.option("--legs", default=240, show_default=True, help="Simulated calls of two people each.")
@click.option("--size", type=click.IntRange(0, 64), default=24, show_default=True,
              help="Numbers that tell people apart; 0: take out those that the model has.")  # fmt: skip
def timbre(data: Path, model: Path, *, legs: int, size: int) -> None:
    """Find what tells the two people of a call apart, and put it into the model's files and spec.json.

    After `export`, before `spread`. What the model said before, it says as before, bit for bit. Where `spread` has been
    before, `decidable` is estimated anew, on the dev split's children.
    """
    from training.calls.timbre import timbre as run

    run(data, model, legs=legs, size=size)


@click.command()
@_data
@_model
@click.option("--legs", default=900, show_default=True, help="Simulated calls of a minute.")
@click.option("--units", type=click.IntRange(0, 64), default=16, show_default=True,
              help="Width of its layers; 0: take out those that the model has.")  # fmt: skip
@click.option("--epochs", default=6, show_default=True, help="Passes over the calls' windows.")
def activity(data: Path, model: Path, **options: Any) -> None:
    """Learn which 20 ms of a window are speech, and put it into the model's files and spec.json.

    After `export`. What the model said before, it says as before, bit for bit; without it, WebRTC's detector tells.
    Where `spread` has been before, `decidable` is estimated anew, on the dev split's children.
    """
    from training.calls.activity import activity as run

    run(data, model, **options)


COMMANDS = (calls, spread, timbre, activity)
