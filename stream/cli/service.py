"""`genderstream service`: the daemon under systemd."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click

from models import UnusableError
from stream.service import NAME, STATE, check_folders, check_reach, unit_path, write_unit

_PACKAGE = Path(__file__).parents[1]


def _install(user: bool, arguments: tuple[str, ...]) -> None:
    """Write the unit that runs the daemon with these ARGUMENTs of `genderstream run`.

    For the system: with a user of its own, a read-only file system and nothing but the sound devices. --user: as you,
    with your sound server. Nothing is started: a line says how.
    """
    text, path = _unit(user, arguments), unit_path(user=user)
    if not user:
        check_reach([Path(sys.executable), _PACKAGE / "__init__.py", *_foreign(arguments)])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UnusableError(f"cannot write {path}: {error.strerror}; try with sudo, or --user") from error
    print(f"written: {path}")
    manager = _manager(user)
    if _systemctl(user, "daemon-reload"):
        print(f"start it, now and with this machine: {manager} enable --now {NAME}")
    else:
        print(f"systemd does not run here; where it does: {manager} daemon-reload, and {manager} enable --now {NAME}")
    if user:
        print("so that it runs without you being logged in: loginctl enable-linger")


def _uninstall(user: bool) -> None:
    """Stop the service and take its unit away; what it has kept stays."""
    path = unit_path(user=user)
    if not path.exists():
        raise UnusableError(f"there is no {path}: nothing is installed{'' if user else ' for the system (--user?)'}")
    _systemctl(user, "disable", "--now", NAME)
    try:
        path.unlink()
    except OSError as error:
        raise UnusableError(f"cannot remove {path}: {error.strerror}; try with sudo") from error
    _systemctl(user, "daemon-reload")
    print(f"removed: {path}")


def _show(user: bool, arguments: tuple[str, ...]) -> None:
    """Print the unit that `install` would write."""
    print(_unit(user, arguments), end="")


def _unit(user: bool, arguments: tuple[str, ...]) -> str:
    _check(user, arguments)
    files = _files(arguments)
    absolute = [each.replace(path, str(Path(path).absolute())) if (path := _path(each)) in files else each
                for each in arguments]  # fmt: skip
    return write_unit([sys.executable, "-m", "stream", "run", *absolute], user=user, version=_version())


def _check(user: bool, arguments: tuple[str, ...]) -> None:
    """What `run` would refuse is refused here, and what it could not write. Raises UnusableError or click's error."""
    from stream.cli import run  # noqa: PLC0415 - heavy
    from stream.daemon import DaemonSettings  # noqa: PLC0415
    from stream.outputs.journal import JournalSettings  # noqa: PLC0415

    configuration = run.check(list(arguments))
    journal = configuration.room(JournalSettings).journal
    audio = configuration.room(DaemonSettings).save_audio
    check_folders({"--journal": journal, "--save-audio": audio}, user=user)


def _files(arguments: tuple[str, ...]) -> list[str]:
    """Those of the arguments that are files or folders; the service runs elsewhere and needs their full paths."""
    return [path for each in arguments if (path := _path(each)) and Path(path).exists()]


def _foreign(arguments: tuple[str, ...]) -> list[Path]:
    """Those that the service has not made itself."""
    return [path for each in _files(arguments) if not (path := Path(each).absolute()).is_relative_to(STATE)]


def _path(argument: str) -> str:
    """What may be a path of an argument: itself, or what stands behind --option=."""
    return argument.partition("=")[2] if argument.startswith("--") else argument


def _version() -> int:
    """Systemd's; 0 where it is not known."""
    if not shutil.which("systemctl"):
        return 0
    said = subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"systemd (\d+)", said)
    return int(found[1]) if found else 0


def _manager(user: bool) -> str:
    return "systemctl --user" if user else "systemctl"


def _systemctl(user: bool, *words: str) -> bool:
    """Whether the manager is there, and did so."""
    if not shutil.which("systemctl"):
        return False
    command = [*_manager(user).split(), *words]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


_USER = click.Option(["--user"], is_flag=True, help="For you alone, under your own service manager.")
_ARGUMENTS = click.Argument(["arguments"], nargs=-1, metavar="[ARGUMENT]...", type=click.UNPROCESSED)
_PASSED_ON = {"ignore_unknown_options": True}

command = click.Group(
    "service",
    help="The daemon under systemd: write its unit, take it away, or show it.",
    commands=[
        click.Command(
            "install", callback=_install, params=[_USER, _ARGUMENTS], help=_install.__doc__, context_settings=_PASSED_ON
        ),
        click.Command("uninstall", callback=_uninstall, params=[_USER], help=_uninstall.__doc__),
        click.Command(
            "show", callback=_show, params=[_USER, _ARGUMENTS], help=_show.__doc__, context_settings=_PASSED_ON
        ),
    ],
)
