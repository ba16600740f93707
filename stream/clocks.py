"""The machine's clocks, watched for what would be taken for something else: set, asleep, held up. Pure.

Stream time is counted in samples, and what is missing is measured by the monotonic clock, which no such event
moves: they are told, and change nothing.
"""

import time
from collections.abc import Iterable
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

_JUMP_SECONDS = 0.25  # between two looks a clock that is only being steered moves less
_HOLD_UP_SECONDS = 1.0  # a thread that wakes so late was stopped, or had no processor

_Count = Annotated[int, Meta(ge=0)]


class ClockHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What the machine's clocks went through since the daemon began; no stream's time depends on it."""

    jumps: Annotated[_Count, Meta(description="times that the clock was set")] = 0
    jumped_seconds: Annotated[float, Meta(description="by how much it was set forward, all in all")] = 0.0
    sleeps: Annotated[_Count, Meta(description="times that the machine slept")] = 0
    slept_seconds: Annotated[float, Meta(description="how long, all in all")] = 0.0
    hold_ups: Annotated[_Count, Meta(description="times that the daemon was stopped, or got no processor")] = 0
    held_up_seconds: Annotated[float, Meta(description="how long, all in all")] = 0.0


def most(healths: Iterable[ClockHealth]) -> ClockHealth:
    """Of several processes on one machine: for each count what the one that saw most of it says."""
    seen = [ClockHealth(), *healths]
    return ClockHealth(
        **{name: max((getattr(each, name) for each in seen), key=abs) for name in ClockHealth.__struct_fields__}
    )


class Reading(NamedTuple):
    """The clocks at one moment, in seconds."""

    wall: float  # of the day; may be set
    monotonic: float  # never set; stands still while the machine sleeps
    boot: float  # never set; goes on while the machine sleeps


def read_clocks() -> Reading:
    """Now. Where there is no clock that goes on in sleep (it is Linux's), sleep is not seen."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Reading(time.time(), time.monotonic(), time.clock_gettime(boot))


class ClockWatch:
    """Compares one look with the next."""

    def __init__(self, first: Reading) -> None:
        self.health = ClockHealth()
        self._last = first

    def look(self, now: Reading, due: float) -> list[str]:
        """Count what has happened since the last look; this one was due at `due` (monotonic). A line for each."""
        last, self._last = self._last, now
        jumped = (now.wall - last.wall) - (now.boot - last.boot)
        slept = (now.boot - last.boot) - (now.monotonic - last.monotonic)
        held_up = now.monotonic - due
        told = []
        if abs(jumped) >= _JUMP_SECONDS:
            self._count(jumps=1, jumped_seconds=jumped)
            told.append(f"the clock was set by {jumped:+.1f} s; no stream's time has changed")
        if slept >= _JUMP_SECONDS:
            self._count(sleeps=1, slept_seconds=slept)
            told.append(f"the machine slept for {slept:.1f} s; streams go on where they were")
        if held_up >= _HOLD_UP_SECONDS:
            self._count(hold_ups=1, held_up_seconds=held_up)
            told.append(f"held up for {held_up:.1f} s: stopped, or the machine is too busy")
        return told

    def _count(self, **more: float) -> None:
        sums = {name: round(getattr(self.health, name) + value, 3) for name, value in more.items()}
        self.health = msgspec.structs.replace(self.health, **sums)
