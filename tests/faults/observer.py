"""A subscriber that checks all it reads, and what one may know of the daemon's processes."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RATE = 16_000

Message = dict[str, Any]


def check_sums(health: Message) -> None:
    """Conservation, of counters that the daemon keeps apart from one another."""
    for name, stream in health["streams"].items():
        assert stream["captured"] == stream["processed"] + stream["waiting"] + stream["lost"]["lapped"], name
        assert min(stream["captured"], stream["processed"], stream["waiting"], *stream["lost"].values()) >= 0, name


class Observer:
    """A subscriber. Whatever it reads must have no hole, lie on the grid, touch no gap and add up."""

    def __init__(self, messages: Iterator[Message]) -> None:
        self._messages = iter(messages)
        self._last: dict[tuple[str, str], Message] = {}
        self.windows: dict[str, list[Message]] = {}
        self.healths: list[Message] = []

    def read(self) -> Message:
        """The next message, checked."""
        message = next(self._messages)
        kind, whose = message["schema"], message.get("stream") or message["daemon"]
        before = self._last.get((kind, whose))
        assert before is None or message["sequence"] == before["sequence"] + 1
        self._last[kind, whose] = message
        if kind == "genderstream.health/1":
            check_sums(message)
            self.healths.append(message)
        elif kind == "genderstream.window/1":
            self._check_window(before, message)
            self.windows.setdefault(whose, []).append(message)
        return message

    def await_health(self, right: Callable[[Message], bool]) -> Message:
        """Read until a health message is `right`."""
        while True:
            message = self.read()
            if "daemon" in message and right(message):
                return message

    def await_state(self, stream: str, *states: str) -> Message:
        """Read until `stream` is in one of `states`; what health says of it."""
        health = self.await_health(lambda health: health["streams"].get(stream, {}).get("state") in states)
        told: Message = health["streams"][stream]
        return told

    def await_window(self, stream: str, label: str | None = None) -> Message:
        """Read until a window of `stream`, with this label."""
        while True:
            message = self.read()
            is_window = message["schema"] == "genderstream.window/1"
            if is_window and message["stream"] == stream and label in (None, message["label"]):
                return message

    def states(self, stream: str) -> list[str]:
        """Those that `stream` was in, one after the other."""
        told = [health["streams"][stream]["state"] for health in self.healths if stream in health["streams"]]
        return [state for state, before in zip(told, ["", *told], strict=False) if state != before]

    def _check_window(self, before: Message | None, window: Message) -> None:
        hops = window["start"] / window["hop"]
        assert hops == pytest.approx(round(hops))
        if before is None:
            return
        lost = window["lost_samples"] - before["lost_samples"]
        assert window["gap_before"] == lost
        assert (window["start"] - before["start"] == window["hop"]) == (lost == 0)
        if lost:
            assert window["start"] >= before["end"] + lost / RATE - 1e-6


def captures(running: Any) -> dict[str, int]:
    """The daemon's capture processes, by device."""
    found = {}
    for task in Path(f"/proc/{running.process.pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
            if "stream.capture" in words:
                found[words[words.index("stream.capture") + 1]] = int(child)
    return found


def is_alive(process: int) -> bool:
    """Whether there is such a process; the dead that nobody has buried are none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def stop(process: int) -> None:
    """SIGSTOP."""
    os.kill(process, signal.SIGSTOP)


def kill(process: int) -> None:
    """SIGKILL what is no child of ours, and wait until it is gone."""
    os.kill(process, signal.SIGKILL)
    await_end(process)


def await_end(process: int) -> None:
    """Wait until a process that is no child of ours is gone."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return
    ended, _, _ = select.select([handle], [], [], 60)
    os.close(handle)
    assert ended, f"the process {process} goes on"
