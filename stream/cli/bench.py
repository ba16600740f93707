"""`genderstream bench`: what the line costs on this machine."""

import os
import sys
from pathlib import Path

import click
import msgspec

from models import GenderstreamError, UnusableError
from stream.bench import MEASUREMENTS
from stream.bench.machine import describe_machine
from stream.bench.process import run_measurement
from stream.bench.result import Number, bars
from stream.bench.table import heading, row


def _bench(measurements: tuple[str, ...], json: str | None, quick: bool) -> None:
    """Measure this machine: ratios, counts and costs of one run, each beside what it should reach.

    MEASUREMENT: all of them, or some by name. What a measurement compares with is imported where it is installed, and
    else left out with a word. Processor time on one core, everything warm; leave the machine alone meanwhile.
    """
    if unknown := [name for name in measurements if name not in MEASUREMENTS]:
        raise UnusableError(f"there is no measurement {unknown[0]!r}: expected some of {', '.join(MEASUREMENTS)}")
    machine = describe_machine()
    out = _opened(json) if json else None
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print(heading(), flush=True)
    results, broken = _measured(measurements or MEASUREMENTS, quick)
    machine["load_average_after"] = round(os.getloadavg()[0], 2)
    if out:
        out.write_bytes(msgspec.json.format(msgspec.json.encode({"machine": machine, "results": results})) + b"\n")
    if broken:
        raise broken[-1]


def _measured(names: tuple[str, ...], quick: bool) -> tuple[dict[str, float], list[GenderstreamError]]:
    """Print each result as it comes; a measurement that breaks does not keep the others from going on."""
    known, results, broken = bars(), {}, []
    for name in names:
        try:
            for result in run_measurement(name, quick=quick):
                if isinstance(result, Number):
                    results[result.name] = result.value
                    print(row(result.name, result.value, known[result.name]), flush=True)
                else:
                    print(f"skipped {', '.join(result.names)}: {result.reason}", flush=True)
        except GenderstreamError as error:
            print(error, file=sys.stderr, flush=True)
            broken.append(error)
    return results, broken


def _opened(path: str) -> Path:
    """Where the results will go. Raises UnusableError at once where that cannot be."""
    try:
        Path(path).touch()
    except OSError as error:
        raise UnusableError(f"--json is {path}: {error.strerror}; expected a file that can be written") from error
    return Path(path)


command = click.Command(
    "bench",
    callback=_bench,
    params=[
        click.Argument(["measurements"], nargs=-1, metavar="[MEASUREMENT]..."),
        click.Option(["--json"], metavar="FILE", help="Write machine and results here, too; JSON."),
        click.Option(["--quick"], is_flag=True, help="Few rounds: whether everything works, not how fast it is."),
    ],
    help=_bench.__doc__,
)
