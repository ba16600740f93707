"""`genderstream score`: the same pipeline over files, at full speed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models import ModelSpec, UnusableError, read_spec
from stream.classify import ModelSettings
from stream.cli._engine import ROOMS, set_up
from stream.daemon import DaemonSettings
from stream.messages import AnyMessage
from stream.outputs.lines import parted
from stream.outputs.summary import Summary
from stream.outputs.table import opened_table
from stream.settings import Configuration, options
from stream.sources import InputSettings
from stream.sources.recording import Recording
from stream.streams import Streams

if TYPE_CHECKING:
    from stream.outputs.plot import Plot

_ROOMS = (InputSettings, *ROOMS, DaemonSettings)


def _say(line: str) -> None:
    print(parted(line)[1], file=sys.stderr)


def _score(files: tuple[str, ...], out: str | None, plot: str | None, **given: Any) -> None:
    """Decide on recordings at full speed: the records that `run` would publish, and a summary for each file.

    Records go to standard output, or to --out FILE.jsonl or FILE.csv (windows alone); summaries, with verdict,
    turns and a timeline, to standard error.
    """
    configuration = Configuration(_ROOMS, given | {"speed": "max"})
    spec = read_spec(configuration.room(ModelSettings).folder)
    summary = Summary(spec, detailed=True)
    picture = _opened_plot(plot, spec) if plot else None
    unusable: list[str] = []
    with opened_table(out, spec.labels) as table:

        def take(message: AnyMessage) -> None:
            table.add(path, message)
            summary.take(message)
            if picture:
                picture.take(message)

        save_audio, listen = configuration.room(DaemonSettings).save_audio, picture.listen if picture else None
        streams = Streams(set_up(configuration, take), save_audio, _say, listen)
        for path in files:
            try:
                Recording(Path(path), configuration.room(InputSettings)).capture(streams)
            except UnusableError as error:
                unusable.append(str(error))
    if picture and plot:
        picture.save(Path(plot))
    for line in (*summary.lines(), *unusable[:-1]):
        _say(line)
    if unusable:
        raise UnusableError(unusable[-1])


def _opened_plot(path: str, spec: ModelSpec) -> "Plot":
    """The picture that will be saved at `path`. Raises UnusableError at once where that cannot be."""
    if Path(path).suffix != ".png":
        raise UnusableError(f"--plot is {path}: expected a name that ends in .png")
    from stream.outputs.plot import Plot  # noqa: PLC0415 - matplotlib is an extra, and slow to import

    return Plot(spec.labels)


command = click.Command(
    "score",
    callback=_score,
    params=[
        click.Argument(["files"], nargs=-1, required=True, metavar="FILE..."),
        click.Option(["--out"], metavar="FILE", help="Write here instead of standard output; .jsonl or .csv."),
        click.Option(["--plot"], metavar="FILE", help="Draw it all; .png. Needs genderstream[plot]."),
        *options(*_ROOMS),
    ],
    help=_score.__doc__,
)
