"""A daemon that may open few files, or have little memory, and more callers than that allows."""

import re
import resource
import socket
import struct
import subprocess
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
import soundfile
from observer import RATE

pytestmark = pytest.mark.slow

CALLERS = 100
MEMORY_CALLERS = 40
HARD_RATE = 192_000  # Hz: a ring of 4 MB for each caller


def message(kind, payload):
    """AudioSocket's."""
    return struct.pack("!BH", kind, len(payload)) + payload


def frame(payload):
    """A WebSocket's, masked by zeros."""
    return struct.pack("!BBH", 0x82, 0x80 | 126, len(payload)) + bytes(4) + payload


def audio(scheme, seconds, rate):
    """Zeros."""
    wrap = frame if scheme == "ws" else lambda payload: message(0x12 if rate == RATE else 0x18, payload)
    return wrap(bytes(rate // 25)) * int(seconds * 50)


class Exchange:
    """A daemon that hears standard input, and whoever calls."""

    def __init__(self, scheme, demo, daemon, observe):
        self.scheme = scheme
        self.running = daemon("-", f"{scheme}://127.0.0.1:0", stdin=subprocess.PIPE, bufsize=0)
        self.observer = observe(self.running)
        self.url = self.running.await_line(r"listening on (\S+)").group(1)
        self.speech, _ = soundfile.read(demo, dtype="int16")
        self.said = 0

    def say(self, seconds):
        """Go on with what standard input says, until that has been decided."""
        end = self.said + int(seconds * RATE)
        self.running.process.stdin.write(self.speech[self.said : end].tobytes())
        self.said = end
        while self.observer.await_window("stdin")["end"] < end / RATE:
            pass

    def name(self, number):
        """That of a caller's stream."""
        return f"caller-{number}" if self.scheme == "ws" else str(UUID(int=number))

    def call(self, number, rate=RATE):
        """A caller, and the first 2.5 s of what it says."""
        caller = socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), timeout=60)
        hello = message(0x01, UUID(int=number).bytes)
        if self.scheme == "ws":
            hello = (
                f"GET /?stream={self.name(number)}&rate={rate} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        with suppress(ConnectionError):  # refused meanwhile
            caller.sendall(hello + audio(self.scheme, 2.5, rate))
        return caller

    def refused(self, health, cause):
        """How many so far."""
        return health["refused"].get(self.url, {}).get(cause, 0)

    def await_all(self, count, cause):
        """Read until so many callers are heard or refused for `cause`; those that are heard."""

        def all_are(health):
            return len(health["streams"]) - 1 + self.refused(health, cause) == count

        heard = set(self.observer.await_health(all_are)["streams"]) - {"stdin"}
        assert 0 < len(heard) < count
        return heard

    def hang_up(self, callers):
        """All have gone, and the daemon knows."""
        for caller in callers:
            caller.close()
        self.observer.await_health(lambda health: set(health["streams"]) == {"stdin"})

    def check(self, cause):
        """Nothing was missed beside, what was refused was said once, and the end is orderly."""
        ended = self.running.stop()
        assert ended.status == 0
        assert ended.error.count(f"refused ({cause})") == 1
        assert "Traceback" not in ended.error
        hops = int(2 * self.said / RATE) - 3
        assert [window["start"] for window in self.observer.windows["stdin"]] == [0.5 * hop for hop in range(hops)]


@pytest.fixture(params=["audiosocket", "ws"])
def exchange(request, demo, daemon, observe):
    """An Exchange."""
    return Exchange(request.param, demo, daemon, observe)


def limit(running, which, most):
    """The daemon may have so much from now on."""
    _, hard = resource.prlimit(running.process.pid, which)
    resource.prlimit(running.process.pid, which, (most, hard))


def mapped(running):
    """Bytes of address space that it has."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return 1024 * int(re.search(r"VmSize:\s+(\d+) kB", status).group(1))


def hung_up(callers):
    """How many hear that they are."""
    count = 0
    for caller in callers:
        caller.settimeout(0.0)
        try:
            while caller.recv(4096):
                pass
            count += 1
        except BlockingIOError:
            pass
        except ConnectionError:
            count += 1
    return count


def test_more_callers_than_descriptors(exchange, observe):
    """Those beyond are hung up, counted and told once; subscribers still come in, and callers, once others have gone.

    One who calls when there is not a single descriptor waits.
    """
    running, observer = exchange.running, exchange.observer
    exchange.say(4.0)
    limit(running, resource.RLIMIT_NOFILE, 10)
    callers = [exchange.call(0)]
    first = observer.await_health(lambda health: exchange.refused(health, "system"))
    exchange.say(1.0)
    second = observer.await_health(lambda health: health["uptime"] > first["uptime"] + 4.0)
    tries = exchange.refused(second, "system") - exchange.refused(first, "system")
    assert 1 < tries < second["uptime"] - first["uptime"] + 2.0  # one a second
    limit(running, resource.RLIMIT_NOFILE, 64)
    observer.await_window(exchange.name(0))
    callers += [exchange.call(number) for number in range(1, CALLERS)]
    heard = exchange.await_all(CALLERS, "descriptors")
    late = observe(running)
    exchange.say(2.0)
    late.await_window("stdin")
    while hung_up(callers) < CALLERS - len(heard):
        observer.read()
    exchange.hang_up(callers)
    with exchange.call(CALLERS):
        observer.await_window(exchange.name(CALLERS))
    exchange.say(1.0)
    exchange.check("descriptors")


def test_more_callers_than_memory(exchange):
    """Those for whom there is none are refused, counted and told once; who is heard goes on, and others come later."""
    running, observer = exchange.running, exchange.observer
    exchange.say(4.0)
    limit(running, resource.RLIMIT_AS, mapped(running) + (128 << 20))
    callers = [exchange.call(number, HARD_RATE) for number in range(MEMORY_CALLERS)]
    heard = exchange.await_all(MEMORY_CALLERS, "memory")
    exchange.say(2.0)
    speaking = next(number for number in range(MEMORY_CALLERS) if exchange.name(number) in heard)
    while exchange.name(speaking) not in observer.windows:
        observer.read()
    callers[speaking].sendall(audio(exchange.scheme, 2.0, HARD_RATE))
    while observer.await_window(exchange.name(speaking))["end"] < 4.0:
        pass
    exchange.hang_up(callers)
    with exchange.call(MEMORY_CALLERS, HARD_RATE):
        observer.await_window(exchange.name(MEMORY_CALLERS))
    exchange.say(1.0)
    exchange.check("memory")


def test_without_memory_it_ends(daemon, observe, demo):
    """In one line, with status 1, and no hang."""
    running = daemon("-", demo, stdin=subprocess.PIPE, bufsize=0)
    observer = observe(running)
    observer.await_window("demo")
    limit(running, resource.RLIMIT_AS, mapped(running))
    with suppress(BrokenPipeError):
        while True:
            running.process.stdin.write(bytes(2 * RATE))
    running.process.stdin.close()
    running.process.stdin = None
    ended = running.finish()
    assert ended.status == 1
    assert ended.error.splitlines()[-1].startswith("genderstream: out of memory: ")
    assert "Traceback" not in ended.error
