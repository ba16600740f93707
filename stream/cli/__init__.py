"""The command `genderstream`: a file of this folder for each verb, found by its name, loaded when used."""

import importlib
import os
import pkgutil
import sys
from contextlib import suppress

import click

from models import GenderstreamError
from stream.cli._without import without
from stream.garbage import collect_seldom
from stream.memory import OUT_OF_MEMORY
from stream.outputs.lines import write
from stream.words import ERROR


class Verbs(click.Group):
    """Each module of this folder that is not private is a verb; its `command` is what runs."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The verbs, in alphabetical order."""
        return [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The verb called `name`; None where there is none."""
        if name not in self.list_commands(context):
            return None
        with without("scipy"):  # Numba loads its linear algebra where it can: 0.3 s and 17 MB that no kernel needs
            command: click.Command = importlib.import_module(f"{__name__}.{name}").command
        return command

    def invoke(self, context: click.Context) -> None:
        """Run the verb. Whoever reads our output may have enough of it: no failure, though click takes it for one."""
        try:
            super().invoke(context)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="genderstream")
def genderstream() -> None:
    """Hear, live, whether the voice in a stream is perceived as a woman's or a man's."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit: 0 done, 1 failed while running, 2 unusable input, option or configuration."""
    collect_seldom()
    try:
        genderstream.main(arguments, prog_name="genderstream", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        sys.exit(2)
    except click.ClickException as error:
        _end(error.format_message(), 2)
    except GenderstreamError as error:
        _end(str(error), error.exit_status)
    except MemoryError:
        _end(OUT_OF_MEMORY, 1)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(0)


def _end(message: str, status: int) -> None:
    with suppress(OSError):  # nobody reads, or its disk is full: the status says it all the same
        write(f"{ERROR}genderstream: {' '.join(message.split())}")
    sys.exit(status)
