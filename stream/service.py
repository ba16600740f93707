"""The daemon as a service of systemd: the unit's text, and where it belongs.

What may not be set: MemoryDenyWriteExecute (Numba and the model's runtime compile), PrivateDevices (it hides sound
devices), ProtectClock (it adds the clock to the devices; the system calls are forbidden anyway), ProcSubset (the
model's runtime reads /proc/cpuinfo).
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from models import UnusableError

NAME = "genderstream"
STATE = Path("/var/lib") / NAME
"""Where the system's service may keep something; systemd makes it, and opens it to the service alone."""

TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108
"""Folders of which the system's service has its own (PrivateTmp)."""

STEPS_SINCE = 254
"""The first version of systemd that waits longer after each failure."""

_PLACE = "put it below /opt or /etc, or use --user"
_HOMES = ("/home", "/root", "/run/user")

_UNIT = """\
[Unit]
Description=genderstream: hears whether a voice is perceived as a woman's or a man's
After=sound.target network.target
# However often it fails, it is tried again: a microphone may come back after a month.
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
# Kernels are compiled at the first start: on a small machine that takes minutes.
TimeoutStartSec=300
TimeoutStopSec=20
# Pings come only while windows flow, or while there is an honest reason why not.
WatchdogSec=30
Restart=always
RestartSec=2
{steps}Environment=PYTHONDONTWRITEBYTECODE=1 NUMBA_CACHE_DIR=%C/{name}
CacheDirectory={name}
# For --journal and --save-audio, where they are asked for.
StateDirectory={name}
MemoryMax=1G
TasksMax=512
LimitNOFILE=65536
UMask=0077

NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
# ZeroMQ asks which interfaces there are, over AF_NETLINK, before it binds, and aborts where it may not.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
{own}
[Install]
WantedBy={target}
"""

_STEPS = """\
RestartSteps=8
RestartMaxDelaySec=300
"""

_SYSTEM = """
DynamicUser=yes
User={name}
SupplementaryGroups=audio
DevicePolicy=closed
DeviceAllow=char-alsa rw
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome={home}
PrivateTmp=yes
PrivateMounts=yes
RemoveIPC=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
"""


def write_unit(program: Sequence[str], *, user: bool, version: int) -> str:
    """The unit's text for `program` and its arguments; `version`: of systemd, as far as is known.

    user: for the user's own manager, which runs as the user and cannot give a service another view of the system.
    """
    at_home = any(each.startswith(f"{home}/") for each in program for home in _HOMES)
    return _UNIT.format(
        name=NAME,
        command=" ".join(_quoted(each) for each in program),
        steps=_STEPS if version >= STEPS_SINCE else "",
        own="" if user else _SYSTEM.format(name=NAME, home="read-only" if at_home else "yes"),
        target="default.target" if user else "multi-user.target",
    )


def unit_path(*, user: bool) -> Path:
    """Where the unit belongs."""
    if not user:
        return Path("/etc/systemd/system") / f"{NAME}.service"
    configuration = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(configuration) / "systemd" / "user" / f"{NAME}.service"


def check_reach(paths: Sequence[Path]) -> None:
    """Refuse what the service's own user could not open. Raises UnusableError."""
    for path in paths:
        for each in TEMPORARY:
            if path.is_relative_to(each):
                raise UnusableError(f"{path} is out of reach for the service, which has a {each} of its own: {_PLACE}")
        for closed in _closed(path):
            raise UnusableError(
                f"{path} is out of reach for the service's own user, since {closed} is closed to others: {_PLACE}"
            )


def check_folders(folders: Mapping[str, str | None], *, user: bool) -> None:
    """Refuse what the service could not write, or would look for elsewhere; by option. Raises UnusableError."""
    for option, folder in folders.items():
        if folder is None or (Path(folder).is_absolute() and (user or Path(folder).is_relative_to(STATE))):
            continue
        where = "a full path" if user else f"{STATE} or a folder below it, the only place that the service may write to"
        raise UnusableError(f"{option} is {folder}: expected {where}")


def _closed(path: Path) -> Iterator[Path]:
    """What on the way to `path` others may not pass, or read."""
    for parent in reversed(path.parents):
        if not parent.stat().st_mode & 0o001:
            yield parent
    if not path.stat().st_mode & 0o004:
        yield path


def _quoted(word: str) -> str:
    """For ExecStart, where %, $, backslash and quotes mean something."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return escaped if word and not set(word) & set(" \t\n;'\"\\") else f'"{escaped}"'
