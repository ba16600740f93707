"""A machine of its own that systemd boots: a container of this one's programs, with everything else empty."""

import os
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

BOOT_SECONDS = 60
ROOT = Path(__file__).parents[2]
PYTHON = "/opt/venv/bin/python"  # inside
GENDERSTREAM = (PYTHON, "-m", "stream")
SPEECH = "/opt/genderstream/stream/demo/demo.flac"

_BASE, _PACKAGES = sys.base_prefix, sysconfig.get_path("purelib")
_HIERARCHIES = ("name=systemd", "")  # whose groups systemd makes for itself; the second is the unified one


class NoMachineError(Exception):
    """Systemd does not boot here; why."""


class Machine:
    """Runs until the end of `stack`. Its file system is in memory but for /usr and /opt, which cannot be written."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._leader: int | None = None  # its first process, as seen from here
        groups = [*_make_groups(stack)]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(str(folder / "notify"))
            ready.settimeout(BOOT_SECONDS)
            self._boot(groups, stack)
            try:
                while b"READY=1" not in ready.recv(4096):
                    pass
            except TimeoutError:
                raise NoMachineError(f"not ready after {BOOT_SECONDS} s: {self._last_words()}") from None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text("ascii").split()
        self._leader = next((int(child) for child in children if _is_first(child)), None)
        if self._leader is None:
            raise NoMachineError(self._last_words())
        self.run("sh", "-c", "echo /opt/python/lib >/etc/ld.so.conf && ldconfig")

    def run(self, *command: str, status: int | None = 0, **options: object) -> str:
        """What `command` prints inside, as root; it must end with `status`, if given."""
        done = subprocess.run(self.enter(*command), capture_output=True, text=True, timeout=120, check=False, **options)
        assert status in (None, done.returncode), (command, done.stdout, done.stderr)
        return done.stdout

    def enter(self, *command: str) -> list[str]:
        """The words that run `command` inside."""
        where = ["nsenter", f"--target={self._leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
        return [*where, "--", "env", "-i", "PATH=/usr/sbin:/usr/bin", "HOME=/root", "LANG=C.UTF-8", *command]

    def write(self, path: str, content: str) -> None:
        """A file inside, and the folders to it."""
        self.run("sh", "-c", f"mkdir -p $(dirname {path}) && cat >{path}", input=content)

    def _boot(self, groups: list[Path], stack: ExitStack) -> None:
        binds = {_BASE: "python", ROOT: "genderstream", _PACKAGES: "packages", _venv(self._folder): "venv"}
        command = [
            "systemd-nspawn", "--quiet", "--directory=/", "--volatile=yes", "--register=no", "--keep-unit",
            "--private-network", f"--machine=genderstream-{os.getpid()}", "--notify-ready=yes", "--console=pipe",
            *(f"--bind-ro={here}:/opt/{there}" for here, there in binds.items()),
            "--boot", "systemd.unit=basic.target", "systemd.mask=systemd-firstboot.service",
        ]  # fmt: skip

        def join() -> None:
            for group in groups:
                (group / "cgroup.procs").write_text(str(os.getpid()))

        with (self._folder / "console").open("wb") as console:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, preexec_fn=join,  # noqa: PLW1509 - short, and without locks
                env=os.environ | {"NOTIFY_SOCKET": str(self._folder / "notify")},
            )  # fmt: skip
        stack.callback(self._halt)

    def _halt(self) -> None:
        if self._leader is None:
            self._process.kill()
        else:
            os.kill(self._leader, signal.SIGKILL)  # and with it all that is inside
        self._process.wait()

    def _last_words(self) -> str:
        return (self._folder / "console").read_text("utf-8", "replace").strip().rpartition("\n")[2]


def _make_groups(stack: ExitStack) -> Iterator[Path]:
    """Groups of processes for it alone, gone at the end of `stack`: several machines do not meet."""
    ours = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text("ascii").splitlines())
    for hierarchy in _HIERARCHIES:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text("utf-8").splitlines()]
        kind = "cgroup" if hierarchy else "cgroup2"
        at = next((words[1] for words in mounts if words[2] == kind and hierarchy in words[3]), None)
        if hierarchy not in ours or at is None:
            continue
        group = Path(at) / ours[hierarchy].strip("/") / f"genderstream-{os.getpid()}"
        try:
            group.mkdir()
        except OSError as error:
            raise NoMachineError(f"no group of processes can be made: {error}") from error
        stack.callback(_remove, group)
        yield group


def _remove(group: Path) -> None:
    for path, _, _ in os.walk(group, topdown=False):
        os.rmdir(path)  # noqa: PTH106 - not its files, which go with it


def _venv(folder: Path) -> Path:
    """An environment at /opt/venv, with this one's packages and this very code."""
    venv, version = folder / "venv", f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = venv / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    (packages / "here.pth").write_text("/opt/packages\n/opt/genderstream\n")
    (venv / "pyvenv.cfg").write_text("home = /opt/python/bin\ninclude-system-site-packages = false\n")
    (venv / "bin").mkdir()
    (venv / "bin" / "python").symlink_to(f"/opt/python/bin/{version}")
    for each in (folder, venv):
        each.chmod(0o755)
    return venv


def _is_first(process: str) -> bool:
    """Whether `process` is the first of a name space of its own: systemd, not nspawn's own helper."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return next(line.split()[-1] for line in status.splitlines() if line.startswith("NSpid:")) == "1"
