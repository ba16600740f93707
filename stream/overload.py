"""Which windows of a live stream are decided where the machine cannot keep up: every second, third, … of the grid.

Each stream goes by its own windows' age alone: how long ago a window's last sample came. The worker takes the
oldest window first, so that all streams that it serves are about equally late, and step up and down alike.

A stream of the stride s is late where its window is older than half of 1 + s hops: at the stride 1 when the next
window is there already. It takes the next stride when it is late twice and not catching up, for a short stall needs
no skipping. A larger stride is late later, so that the others come up to it before it goes on: strides stay within
one of each other. It comes back by one when it has been on time, with room for the windows that it would decide
on top, for some seconds.
"""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

_PATIENCE = 2.5  # seconds: later than this is late at any hop and stride, long before the ring loses anything
_CATCHING_UP = 0.5  # hops that a late stream makes good from one decision to the next
_CALM = 8  # windows of the grid on time before a stream comes back by one


class OverloadSettings(msgspec.Struct, frozen=True):
    """What happens where the machine cannot keep up with live streams; recordings and pipes just take longer."""

    most_skipped: Annotated[
        int,
        Meta(
            ge=0,
            le=99,
            description="windows of a live stream skipped in a row at most, under overload; 0: none",
            extra={"reloads": True},
        ),
    ] = 7


class Stride:
    """One live stream's. `hop` in seconds."""

    def __init__(self, settings: OverloadSettings, hop: float) -> None:
        self.stride = 1
        self._most = settings.most_skipped + 1
        self._hop = hop
        self._since = 0  # windows since the last that was decided
        self._late = math.inf  # age of the last decided window, where it was late
        self._calm = 0  # windows of the grid on time, one after the other

    def adopt(self, settings: OverloadSettings) -> None:
        """Go on with these `settings`."""
        self._most = settings.most_skipped + 1
        self.stride = min(self.stride, self._most)

    def admits(self, age: float) -> bool:
        """Whether to decide the next window, which is `age` seconds old. Called once for each, in order."""
        self._since += 1
        if self._since < self.stride:
            return False
        if age > min((1 + self.stride) / 2 * self._hop, _PATIENCE):
            self._be_late(age)
        else:
            self._be_on_time(age)
        if self._since < self.stride:
            return False
        self._since = 0
        return True

    def _be_late(self, age: float) -> None:
        if age > self._late - _CATCHING_UP * self._hop:
            missed = int(age / self._hop)  # newer windows that are there already
            self.stride = min(max(self.stride, missed) + 1, self._most)
        self._late, self._calm = age, 0

    def _be_on_time(self, age: float) -> None:
        self._late = math.inf
        if self.stride == 1 or age > (1.0 - 1.0 / self.stride) * self._hop:
            self._calm = 0
            return
        self._calm += self.stride
        if self._calm >= _CALM:
            self.stride, self._calm = self.stride - 1, 0
