"""A device's samples held against the system's clock: what is missing, and how fast the device runs. Pure.

A block's lag is how much later it came than the samples up to its end would have it. Threads and drivers add
to it now and then; the least lag of a while is the floor. Where even the least lag of a second stands far
above the floor, samples were lost without a word. Where it lies far below for long, the device had been late
until then; for a moment that means nothing: virtual devices deliver ahead of time, and then wait. Between the
two the floor follows the least lag no faster than a sound card's crystal can be off.
"""

import statistics
from collections import deque

_BIN_SECONDS = 1.0  # over which the least lag is taken
_LOSS_SECONDS = 0.2  # less than this is what drivers do, and sound servers when another program joins, not loss
_LONG_BINS = 10
_MOST_DRIFT = 500e-6  # a worse crystal is no sound card's
_DRIFT_BINS = 600  # the last ten minutes tell the drift
_LEAST_DRIFT_BINS = 30
_LATELY_BLOCKS = 8


class CaptureClock:
    """Follows one stream's device through all its restarts. Times are time.monotonic of the blocks' arrival."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._end = 0  # frames heard and missing so far
        self._floor: float | None = None  # seconds
        self._began = 0.0  # of the bin
        self._least = 0.0  # of the bin's lags
        self._low: list[float] = []  # least lags far below the floor, one bin after the other
        self._lately: deque[float] = deque(maxlen=_LATELY_BLOCKS)  # lags
        self._points: deque[tuple[float, float]] = deque(maxlen=_DRIFT_BINS)  # time and least lag, undisturbed

    def hear(self, when: float, frames: int, *, lossy: bool) -> int:
        """Frames missing just before a block of `frames`; `lossy`: some are, says the device, or it is a new one."""
        lag = when - (self._end + frames) / self._rate
        if self._floor is None:
            self._floor, self._least, self._began = lag, lag, when
        missing = self._judge(when, lag)
        if lossy:
            missing = max(missing, round((lag - self._floor) * self._rate), 1)
        if missing:
            self._points.clear()
            lag -= missing / self._rate
            self._least, self._began = lag, when
        self._lately.append(lag)
        self._least = min(self._least, lag)
        self._end += missing + frames
        return missing

    def miss(self, now: float) -> int:
        """Frames missing since the last block, while nothing comes; counted from here on."""
        if self._floor is None:
            return 0
        missing = max(round((now - self._floor) * self._rate) - self._end, 0)
        self._end += missing
        return missing

    def skip(self, frames: int) -> int:
        """`frames` are known to be missing; returns them."""
        self._end += frames
        return frames

    def due(self, frames: int) -> float:
        """When so many more frames will have come, if they are as early as lately; 0 where that is not known."""
        return min(self._lately) + (self._end + frames) / self._rate if self._lately else 0.0

    @property
    def drift_ppm(self) -> float | None:
        """Millionths by which the device is fast; None until it has run undisturbed for half a minute."""
        if len(self._points) < _LEAST_DRIFT_BINS:
            return None
        slope, _ = statistics.linear_regression(*zip(*self._points, strict=True))
        return round(-slope * 1e6, 1)

    def _judge(self, when: float, lag: float) -> int:
        """Where a bin is over: follow the floor, and say what is missing."""
        assert self._floor is not None
        if when - self._began < _BIN_SECONDS:
            return 0
        least, most = self._least, _MOST_DRIFT * (when - self._began)
        above = least - self._floor
        self._least, self._began = lag, when
        if above > _LOSS_SECONDS:
            return round(above * self._rate)
        if above < -_LOSS_SECONDS:
            self._sink(least)
            return 0
        self._low.clear()
        self._points.append((when, least))
        self._floor += min(max(above, -most), most)
        return 0

    def _sink(self, least: float) -> None:
        """The device is earlier than ever: where that lasts, it is what it can do."""
        self._points.clear()
        self._low.append(least)
        if len(self._low) == _LONG_BINS:
            self._floor = max(self._low)
            self._low.clear()
