"""What systemd is told, after sd_notify(3): ready, stopping, how it goes, and that it goes at all.

The watchdog is fed from health messages, which the worker itself makes: where it hangs there are none. Before each
ping every stream must flow, or be idle for a reason (see `flow`); otherwise systemd starts the daemon anew.
"""

import os
import socket
import time
from collections.abc import Callable, MutableMapping

from models import UnusableError
from stream.messages import AnyMessage, HealthMessage
from stream.outputs.flow import Flow
from stream.words import WARNING

LEAST_WATCHDOG_SECONDS = 15.0
"""Health comes every 5 s: a watchdog that expects more bites for nothing."""


class Systemd:
    """A Sink, and what tells the service manager that the environment names; where it names none, nobody."""

    def __init__(self, environment: MutableMapping[str, str], say: Callable[[str], None]) -> None:
        """Take the variables out of `environment`: processes that we start are none of systemd's business."""
        address = environment.pop("NOTIFY_SOCKET", "")
        period = environment.pop("WATCHDOG_USEC", "")
        watched = environment.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._flow = Flow()
        self._ready = False
        self._watched = bool(period) and watched
        self._socket: socket.socket | None = None
        if self._watched and not (period.isdecimal() and int(period) >= 1e6 * LEAST_WATCHDOG_SECONDS):
            least = f"expected {LEAST_WATCHDOG_SECONDS:g} s (15000000) or more: set WatchdogSec=30"
            raise UnusableError(f"WATCHDOG_USEC is {period}: {least}")
        if address:
            self._connect(address, say)

    def take(self, message: AnyMessage) -> None:
        """Tell that windows can flow (with the first health message), how it goes, and that they do flow."""
        if self._socket is None or not isinstance(message, HealthMessage):
            return
        stuck = self._flow.stuck(message, time.monotonic())
        states = [f"STATUS={stuck or describe(message)}"]
        if not self._ready:
            states.append("READY=1")
        if self._watched and not stuck:
            states.append("WATCHDOG=1")
        self._ready = self._send(*states) or self._ready

    def reloading(self) -> None:
        """The configuration is being read again."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def reloaded(self) -> None:
        """That is done, one way or the other."""
        self._send("READY=1")

    def stopping(self) -> None:
        """The end has begun. May be called from a signal handler."""
        self._send("STOPPING=1")

    def _connect(self, address: str, say: Callable[[str], None]) -> None:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        connected.setblocking(False)
        try:
            connected.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        except OSError as error:
            connected.close()
            say(f"{WARNING}NOTIFY_SOCKET is {address}: {error.strerror}; systemd is told nothing")
            return
        self._socket = connected

    def _send(self, *states: str) -> bool:
        """Whether that was heard: where nobody listens, or the queue is full, the next health message says it again."""
        if self._socket is None:
            return False
        try:
            self._socket.send("\n".join(states).encode())
        except OSError:
            return False
        return True


def describe(health: HealthMessage) -> str:
    """In one line: how many streams there are in which state, what was lost, and which inputs have failed."""
    states = [stream.state for stream in health.streams.values()]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    lost = sum(sum(stream.lost.values()) / stream.sample_rate for stream in health.streams.values())
    failed = f"; failed: {', '.join(health.failed)}" if health.failed else ""
    return f"{len(states)} streams ({counted or 'waiting for the first'}), {lost:.1f} s of audio lost{failed}"
