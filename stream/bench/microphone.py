"""One live microphone, by way of PulseAudio: the daemon's share of a core, spoken into and silent."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream.bench.daemon import BenchDaemon
from stream.bench.result import Bar, Number, Result, Skipped
from stream.bench.sound import DEMO

RESULTS = {
    "live_cpu_percent": Bar("share of a core for a microphone in which somebody speaks", "%", 2.0, 1.0, least=True),
    "idle_cpu_percent": Bar("share of a core for a silent microphone", "%", 1.0, 0.5, least=True),
}

_TOOLS = ("pulseaudio", "paplay")
_SERVER = """
load-module module-native-protocol-unix
load-module module-null-sink sink_name=bench
set-default-source bench.monitor
"""
_ALSA = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"
_SPOKEN = 19.0  # seconds of the demo that are measured: two voices and the pause between them


def measure(*, quick: bool) -> Iterator[Result]:
    """A virtual microphone: a null sink's monitor."""
    if missing := [tool for tool in _TOOLS if not shutil.which(tool)]:
        yield Skipped(tuple(RESULTS), f"there is no {missing[0]}: apt-get install pulseaudio pulseaudio-utils")
        return
    seconds = 3.0 if quick else _SPOKEN
    with _server() as environment:
        if environment is None:
            yield Skipped(tuple(RESULTS), "PulseAudio does not start here")
            return
        with BenchDaemon("mic", environment=environment) as daemon:
            daemon.hear(4.0)
            silent = _share(daemon, seconds)
            player = subprocess.Popen(["paplay", "--device=bench", str(DEMO)], env=os.environ | environment)
            try:
                daemon.hear(0.5)
                spoken = _share(daemon, seconds)
            finally:
                player.terminate()
                player.wait()
    yield Number("live_cpu_percent", spoken)
    yield Number("idle_cpu_percent", silent)


def _share(daemon: BenchDaemon, seconds: float) -> float:
    """Percent of a core, the daemon's other processes included."""
    before = daemon.cpu_seconds
    daemon.hear(seconds)
    return 100.0 * (daemon.cpu_seconds - before) / seconds


@contextmanager
def _server() -> Iterator[dict[str, str] | None]:
    """A PulseAudio of our own, and the environment in which programs find it; None where it does not start."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # the server may still be clearing up
        (Path(folder) / ".asoundrc").write_text(_ALSA, "utf-8")
        (Path(folder) / "bench.pa").write_text(_SERVER, "utf-8")
        environment = {"HOME": folder, "XDG_RUNTIME_DIR": folder}
        script = f"--file={folder}/bench.pa"
        started = _pulseaudio(environment, "--daemonize=yes", "--exit-idle-time=-1", "-n", script)
        try:
            yield None if started else environment
        finally:
            _pulseaudio(environment, "--kill")


def _pulseaudio(environment: dict[str, str], *arguments: str) -> int:
    command, quiet = ["pulseaudio", *arguments], subprocess.DEVNULL
    return subprocess.run(command, env=os.environ | environment, check=False, stdout=quiet, stderr=quiet).returncode
