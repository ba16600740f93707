"""A real daemon and a real datagram socket in systemd's place: what it is told, and when it is told nothing."""

import ctypes
import os
import re
import signal
import socket
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

WATCHDOG_SECONDS = 15
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207


class Manager:
    """Systemd's end of the socket."""

    def __init__(self, folder, stack, *, abstract=False):
        self.socket = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.socket.settimeout(120)
        path = f"@genderstream-{os.getpid()}" if abstract else str(folder / "notify")
        self.socket.bind(path.replace("@", "\0"))
        self.environment = os.environ | {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": str(WATCHDOG_SECONDS * 1_000_000)}

    def told(self):
        """The next datagram: the lines of it."""
        return self.socket.recv(65536).decode().split("\n")

    def until(self, line):
        """All that is told up to a datagram with `line`."""
        lines = []
        while not any(each.startswith(line) for each in lines):
            lines += self.told()
        return lines


@pytest.mark.parametrize("abstract", [False, True])
def test_ready_alive_stopping(daemon, listen, stack, tmp_path, abstract):
    """READY with the first health message, pings as long as windows flow, STOPPING at the end, each with a status."""
    manager = Manager(tmp_path, stack, abstract=abstract)
    running = daemon("load://2", env=manager.environment)
    assert manager.told() == ["STATUS=0 streams (waiting for the first), 0.0 s of audio lost", "READY=1", "WATCHDOG=1"]
    lines = manager.until("STATUS=2 streams (2 healthy), 0.0 s")
    assert lines[-1] == "WATCHDOG=1"
    assert "READY=1" not in lines
    finished = running.stop()
    assert "STOPPING=1" in manager.until("STOPPING")
    assert finished.status == 0


def test_what_we_start_is_none_of_systemds_business(daemon, stack, tmp_path):
    """Worker processes do not inherit the socket: one of them would speak for all."""
    manager = Manager(tmp_path, stack)
    running = daemon("load://1", "load://1", "--workers", "2", env=manager.environment)
    manager.until("WATCHDOG=1")
    for child in workers(running):
        assert b"NOTIFY_SOCKET" not in (Path("/proc") / str(child) / "environ").read_bytes()


def test_a_hung_worker_is_not_alive(daemon, stack, tmp_path):
    """The worker's thread alone is held, as by a disk that never answers: for the watchdog's time nothing is told.

    Everything else of the process goes on. Let go, it is alive again.
    """
    manager = Manager(tmp_path, stack)
    running = daemon("load://2", env=manager.environment)
    manager.until("STATUS=2 streams")
    with held(running.process.pid):
        manager.socket.settimeout(0)
        while True:  # what was told before
            try:
                manager.told()
            except BlockingIOError:
                break
        manager.socket.settimeout(WATCHDOG_SECONDS)
        with pytest.raises(TimeoutError):
            manager.told()
        manager.socket.settimeout(120)
    assert "WATCHDOG=1" in manager.told()
    assert running.stop().status == 0


def test_a_hung_worker_process_is_not_alive(daemon, stack, tmp_path):
    """The process that tells systemd goes on, but some streams do not: it says so, and is no more alive."""
    manager = Manager(tmp_path, stack)
    running = daemon("load://1", "load://1", "--workers", "2", env=manager.environment)
    manager.until("STATUS=2 streams (2 healthy)")
    hung = workers(running)[0]
    os.kill(hung, signal.SIGSTOP)
    manager.until("STATUS=stuck: load-0")
    told = [manager.told() for _ in range(3)]
    assert all(len(lines) == 1 and lines[0].startswith("STATUS=stuck: ") for lines in told)
    os.kill(hung, signal.SIGCONT)
    manager.until("WATCHDOG=1")
    assert running.stop().status == 0


def test_a_reload_is_told(daemon, stack, tmp_path):
    """RELOADING with the time, then READY again: also where the file was refused, for the old one goes on."""
    manager = Manager(tmp_path, stack)
    path = tmp_path / "shelf.toml"
    path.write_text("vad-share = 0.5")
    running = daemon("load://1", "--config", path, env=manager.environment)
    manager.until("READY=1")
    for content in ("vad-share = 0.6", "vad-share = 6"):
        path.write_text(content)
        running.process.send_signal(signal.SIGHUP)
        lines = manager.until("RELOADING=1")
        assert re.fullmatch(r"MONOTONIC_USEC=\d+", lines[-1])
        manager.until("READY=1")


def test_a_watchdog_that_would_always_bite_is_refused(command):
    """A period shorter than health comes is said at once, not found out by restarts."""
    finished = command("run", "load://1", env=os.environ | {"WATCHDOG_USEC": "2000000"})
    assert finished.status == 2
    assert "WATCHDOG_USEC is 2000000: expected 15 s (15000000) or more: set WatchdogSec=30" in finished.error


def workers(running):
    """Process numbers of the daemon's children that decide."""
    pid = running.process.pid
    children = (Path("/proc") / str(pid) / "task" / str(pid) / "children").read_text().split()
    lines = {int(child): (Path("/proc") / child / "cmdline").read_bytes() for child in children}
    return [child for child, line in lines.items() if b"spawn_main" in line]


class held:
    """Meanwhile one thread of another process is stopped, as a debugger does, and no other."""

    def __init__(self, thread):
        self.thread, self.ptrace = thread, ctypes.CDLL(None, use_errno=True).ptrace
        self.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def __enter__(self):
        for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            if self.ptrace(request, self.thread, None, None):
                pytest.skip(f"this machine lets nobody trace: {os.strerror(ctypes.get_errno())}")
        os.waitpid(self.thread, 0x40000000)  # __WALL

    def __exit__(self, *_):
        self.ptrace(PTRACE_DETACH, self.thread, None, None)
