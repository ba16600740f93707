"""For tests that start the real command: processes that cannot outlive a test, sockets that cannot wait forever."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

COMMAND = Path(sys.executable).with_name("genderstream")
FREE = "tcp://127.0.0.1:*"
PATIENCE = 120  # seconds after which what hangs is killed, and the test fails

ALSA = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"

# Begun in a background shell, the tests and all that they start would ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

Message = dict[str, Any]


class Finished(msgspec.Struct):
    """How a process ended."""

    status: int  # negative: killed by that signal
    out: str
    error: str

    @property
    def messages(self) -> list[Message]:
        """Standard output, a JSON object a line."""
        return [msgspec.json.decode(line) for line in self.out.splitlines()]

    @property
    def windows(self) -> list[Message]:
        """The window messages among them."""
        return [message for message in self.messages if message["schema"] == "genderstream.window/1"]


class Running:
    """A process. Killed when the test ends, or PATIENCE, so that no read from its pipes waits forever."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen([str(each) for each in arguments], **pipes | options)
        self.said = ""  # on standard error, as far as it has been read
        self._deadline = threading.Timer(PATIENCE, self.process.kill)
        self._deadline.start()

    def await_line(self, pattern: str) -> re.Match[str]:
        """Wait until a line on standard error has `pattern`."""
        for line in self.process.stderr:
            self.said += line.decode()
            if match := re.search(pattern, line.decode()):
                return match
        pytest.fail(f"ended before it said {pattern!r}, having said: {self.said}")

    def finish(self, stop: int | None = None) -> Finished:
        """Send the signal `stop`, if any; wait for the end."""
        if stop is not None:
            self.process.send_signal(stop)
        out, error = self.process.communicate()
        return Finished(self.process.returncode, (out or b"").decode(), self.said + error.decode())

    def kill(self) -> None:
        """Leave nothing behind."""
        self._deadline.cancel()
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


class Daemon(Running):
    """`genderstream run`, on free ports unless `ports` says otherwise, once it has said where it publishes."""

    def __init__(
        self, *arguments: Any, ports: tuple[str, ...] = ("--bind", FREE, "--ask", FREE), **options: Any
    ) -> None:
        super().__init__(COMMAND, "run", *ports, *arguments, **options)
        try:
            self.endpoint, self.ask = self.await_line(r"publishing on (\S+), answering on (\S+), ").groups()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> Finished:
        """End it as its user would."""
        return self.finish(signal.SIGINT)


class Subscription:
    """A daemon's messages, from when it has learnt of the subscription."""

    def __init__(self, context: zmq.Context[Any], daemon: Daemon, topic: str) -> None:
        self._socket = context.socket(zmq.SUB)
        self._socket.set_hwm(0)
        self._socket.subscribe(topic)
        with self._socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED) as monitor:
            self._socket.connect(daemon.endpoint)
            recv_monitor_message(monitor)
            self._socket.disable_monitor()
        asked(context, daemon, b"snapshot")  # one thread of the daemon's reads both: it has read the subscription

    def frames(self) -> Iterator[tuple[bytes, bytes]]:
        """Topic and content of each message, without end."""
        while True:
            topic, content = self._socket.recv_multipart()
            yield topic, content

    def __iter__(self) -> Iterator[Message]:
        return (msgspec.json.decode(content) for _, content in self.frames())

    def until_end(self, streams: int = 1) -> list[Message]:
        """All messages up to the health message in which all `streams` have ended: the last of a daemon."""
        messages = []
        for message in self:
            messages.append(message)
            states = [stream["state"] for stream in message.get("streams", {}).values()]
            if states == ["ended"] * streams:
                return messages
        raise AssertionError


def asked(context: zmq.Context[Any], daemon: Daemon, *question: bytes, kind: int = zmq.DEALER) -> list[bytes]:
    """The daemon's answer to the frames of `question`."""
    with context.socket(kind) as socket:
        socket.connect(daemon.ask)
        socket.send_multipart(question)
        return socket.recv_multipart()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is undone at the end of the test, however it ends."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def context(stack: ExitStack) -> zmq.Context[Any]:
    """A ZeroMQ context whose sockets wait PATIENCE at most, and close at the end."""
    context: zmq.Context[Any] = zmq.Context()
    context.setsockopt(zmq.RCVTIMEO, PATIENCE * 1000)
    context.setsockopt(zmq.LINGER, 0)
    stack.callback(context.destroy)
    return context


@pytest.fixture(scope="session")
def genderstream() -> Path:
    """The command."""
    return COMMAND


@pytest.fixture(scope="session")
def demo() -> Path:
    """The demo recording: a woman to 4.9 s, a man to 11.3 s, music from 13 to 17.5 s, both again to 30 s."""
    return Path(__file__).parents[1] / "stream" / "demo" / "demo.flac"


@pytest.fixture
def start(stack: ExitStack) -> Callable[..., Running]:
    """start(*arguments): a program, running."""

    def start(*arguments: Any, **options: Any) -> Running:
        running = Running(*arguments, **options)
        stack.callback(running.kill)
        return running

    return start


@pytest.fixture
def command(start: Callable[..., Running]) -> Callable[..., Finished]:
    """command(*arguments): `genderstream` with these, run to its end."""
    return lambda *arguments, **options: start(COMMAND, *arguments, **options).finish()


@pytest.fixture
def daemon(stack: ExitStack) -> Callable[..., Daemon]:
    """daemon(*arguments): `genderstream run` with these, on free ports."""

    def run(*arguments: Any, **options: Any) -> Daemon:
        daemon = Daemon(*arguments, **options)
        stack.callback(daemon.kill)
        return daemon

    return run


@pytest.fixture
def listen(context: zmq.Context[Any]) -> Callable[..., Subscription]:
    """listen(daemon, topic): a Subscription."""
    return lambda daemon, topic="": Subscription(context, daemon, topic)


@pytest.fixture
def ask(context: zmq.Context[Any]) -> Callable[..., list[bytes]]:
    """ask(daemon, *question): the daemon's answer."""
    return lambda daemon, *question, kind=zmq.DEALER: asked(context, daemon, *question, kind=kind)


@pytest.fixture(scope="session")
def essence() -> Callable[[list[Message]], list[Message]]:
    """essence(messages): those about a stream, less what may differ between equal inputs."""
    free = ("epoch", "time", "latency_ms", "file")

    def essence(messages: list[Message]) -> list[Message]:
        streams = [message for message in messages if "stream" in message]
        return [{key: value for key, value in message.items() if key not in free} for message in streams]

    return essence


@pytest.fixture(scope="session")
def lacking() -> Callable[[str], NoReturn]:
    """lacking(reason): skip, since this machine lacks something. In CI nothing may be lacking: fail."""

    def lacking(reason: str) -> NoReturn:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI lacks something: {reason}")
        pytest.skip(reason)

    return lacking


class SoundServer:
    """A PulseAudio of our own. Its null sinks' monitors are inputs; `paplay --device=SINK` speaks into one."""

    def __init__(self, folder: Path, *sinks: str, devices: bool = False) -> None:
        """`devices`: ALSA, and so PortAudio, has a device of each sink's name; the default is the first sink's."""
        self._folder, self._sinks = folder, sinks
        folder.chmod(0o700)
        pcms = [f"pcm.{sink} {{ type pulse\n device {sink}.monitor\n hint.show on }}\n" for sink in sinks if devices]
        (folder / ".asoundrc").write_text(ALSA + "".join(pcms))
        lines = [f"load-module module-null-sink sink_name={sink}" for sink in sinks]
        lines = ["load-module module-native-protocol-unix", *lines, f"set-default-source {sinks[0]}.monitor"]
        (folder / "sinks.pa").write_text("\n".join(lines) + "\n")
        ours = {name: value for name, value in os.environ.items() if not name.startswith("PULSE_")}  # no other server
        self.environment = ours | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}

    def start(self) -> str:
        """Start it; what it had to complain of, where it does not start."""
        (self._folder / "pulse" / "pid").unlink(missing_ok=True)  # a dead one that nobody buries seems to run
        commands = f"--file={self._folder / 'sinks.pa'}"
        started = self._run("pulseaudio", "--daemonize=yes", "--exit-idle-time=-1", "-n", commands)
        return started.stderr if started.returncode else ""

    def stop(self) -> None:
        """End it as its user would."""
        self._run("pulseaudio", "--kill")

    @property
    def process(self) -> int:
        """Its process."""
        return int((self._folder / "pulse" / "pid").read_text())

    def pactl(self, *arguments: str) -> str:
        """What pactl prints."""
        done = self._run("pactl", *arguments)
        assert not done.returncode, done.stderr
        return done.stdout

    def adopt(self, other: "SoundServer", sink: str) -> None:
        """ALSA here has a device for a sink of `other`, too: two devices that share nothing."""
        where = f'server "unix:{other._folder}/pulse/native"'
        with (self._folder / ".asoundrc").open("a") as file:
            file.write(f"pcm.{sink} {{ type pulse\n {where}\n device {sink}.monitor\n hint.show on }}\n")

    def unplug(self, sink: str) -> None:
        """Take the sink away, its monitor with it."""
        (number,) = (
            line.split()[0]
            for line in self.pactl("list", "short", "modules").splitlines()
            if f"sink_name={sink}" in line.split()
        )
        self.pactl("unload-module", number)

    def plug(self, sink: str) -> None:
        """Bring it back."""
        self.pactl("load-module", "module-null-sink", f"sink_name={sink}")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            arguments, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )


@pytest.fixture(scope="session")
def sound_server(lacking: Callable[[str], NoReturn]) -> Callable[..., AbstractContextManager[SoundServer]]:
    """sound_server(folder, *sinks): a context with a SoundServer that runs."""
    found = {tool: shutil.which(tool) for tool in ("pulseaudio", "paplay", "pactl")}
    found["libasound2-plugins"] = next(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"), None)
    missing = [name for name, path in found.items() if not path]

    @contextmanager
    def run(folder: Path, *sinks: str, devices: bool = False) -> Iterator[SoundServer]:
        if missing:
            packages = "pulseaudio pulseaudio-utils libasound2-plugins"
            lacking(f"no virtual microphone without {', '.join(missing)}: apt-get install {packages}")
        server = SoundServer(folder, *sinks, devices=devices)
        try:
            if complaint := server.start():
                lacking(f"no virtual microphone: PulseAudio does not start: {complaint}")
            yield server
        finally:
            server.stop()

    return run


@pytest.fixture(scope="session")
def microphone(
    tmp_path_factory: pytest.TempPathFactory, sound_server: Callable[..., AbstractContextManager[SoundServer]]
) -> Iterator[dict[str, str]]:
    """An environment whose default input is a virtual microphone; `paplay --device=vmic` speaks into it."""
    with sound_server(tmp_path_factory.mktemp("pulse"), "vmic") as server:
        yield server.environment
