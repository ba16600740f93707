"""From a window's last sample in the ring to a subscriber in another process, beyond a bare PUB/SUB echo."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import zmq

from stream.bench.daemon import FREE, BenchDaemon, alone
from stream.bench.result import Bar, Number, Result, Skipped
from stream.daemon import HEALTH_SECONDS

STREAMS = {1: (3.0, 1.0), 50: (10.0, 4.0), 500: (40.0, 20.0)}  # bar and stretch, milliseconds

_MEANING = "last sample in the ring to receipt, less an echo, at worst but for 1 in 100; streams:"

RESULTS = {
    f"latency_added_p99_ms_{count}_stream{'s' if count > 1 else ''}": Bar(
        f"{_MEANING} {count}", "ms", *bars, least=True
    )
    for count, bars in STREAMS.items()
}
_ECHO = "that echo: bare PUB/SUB of the same size between the same cores,"
RESULTS |= {
    "latency_echo_p99_ms": Bar(f"{_ECHO} a hundred a second", "ms", least=True),
    "latency_rare_echo_p99_ms": Bar(f"{_ECHO} as seldom as one stream's windows", "ms", least=True),
}

_MESSAGE_BYTES = 700  # about a window message
_HOP = 0.5  # seconds
_FEW, _TIMES = 69, 3  # windows of one stream: the worst is within the 99th percentile half of the times (0.99^69 = 0.5)


def measure(*, quick: bool) -> Iterator[Result]:
    """The echo comes from the core that the daemon is on, so that what else runs there delays it as much.

    For one stream it comes as seldom as its windows: a core that has slept for so long wakes up slowly, whoever sends.
    """
    often = _echo_ms(100 if quick else 1000, 0.01)
    rare = statistics.median(_echo_ms(8 if quick else _FEW, _HOP) for _ in range(1 if quick else _TIMES))
    yield Number("latency_echo_p99_ms", often)
    yield Number("latency_rare_echo_p99_ms", rare)
    for name, count in zip(RESULTS, STREAMS, strict=False):
        if quick and count > 100:
            yield Skipped((name,), "this is --quick")
        else:
            periods, seconds, echo = (_TIMES, _FEW * _HOP, rare) if count == 1 else (5, HEALTH_SECONDS, often)
            yield Number(name, (_p99_ms(count, 1, 3.0) if quick else _p99_ms(count, periods, seconds)) - echo)


def _p99_ms(streams: int, periods: int, seconds: float) -> float:
    """Of the windows that came in so many seconds: that which 99 of 100 do not exceed.

    The median over periods, so that what stops the machine once does not count; as long as from health to health, but
    for one stream, of which such a period holds too few windows.
    """
    with BenchDaemon(f"load://{streams}") as daemon:
        daemon.hear(4.0)  # the first windows
        heard = [daemon.hear(seconds) for _ in range(periods)]
    return 1000.0 * statistics.median(_p99(sorted(each.received - each.arrived for each in part)) for part in heard)


def _p99(ordered: list[float]) -> float:
    return ordered[len(ordered) - 1 - len(ordered) // 100]


_SENDER = f"""
import sys, time, zmq
socket = zmq.Context().socket(zmq.PUB)
socket.connect(sys.argv[1])
time.sleep(0.5)
for _ in range(int(sys.argv[2])):
    time.sleep(float(sys.argv[3]))
    socket.send_multipart([b"echo", str(time.time()).encode().ljust({_MESSAGE_BYTES})])
"""


def _echo_ms(count: int, pause: float) -> float:
    """From a send in one process, each after a pause (seconds), to the receipt here, at worst but for 1 in 100."""
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.subscribe("")
        socket.bind(FREE)
        to = socket.getsockopt_string(zmq.LAST_ENDPOINT)
        command = [sys.executable, "-c", _SENDER, to, str(2 * count), str(pause)]
        with subprocess.Popen(command, preexec_fn=alone) as sender:  # noqa: PLW1509 - no threads here
            taken = sorted(_taken(socket) for _ in range(count))
            sender.kill()
    return 1000.0 * _p99(taken)


def _taken(socket: zmq.Socket[bytes]) -> float:
    _, sent = socket.recv_multipart()
    return time.time() - float(sent)
