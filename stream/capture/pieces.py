"""When the next block will be there, where a sound server delivers in pieces of its own. Pure.

Pieces keep the device's pace: the one that ends with frame n comes a lag after n / rate. How large they are, and
the lag, show where a look found nothing and the next one, soon after, found more.
"""

LOOKS = (0.0025, 0.005, 0.01, *[0.02] * 12)
"""Seconds from one look to the next, for what was not there when it was due. Who found nothing then looks no more."""

_EARLIER_SECONDS = 0.00025  # a block that was there at once may have been there before: at first, then twice as much


class Pieces:
    """Follows one stream by what is there at each look. Times are time.monotonic."""

    def __init__(self, rate: int, now: float, there: int) -> None:
        """`there`: frames so far, those read included, of which the last have just come."""
        self._rate = rate
        self._there = there
        self._piece = 1  # frames
        self._lag = now - there / rate  # seconds
        self._earlier = _EARLIER_SECONDS

    def due(self, frames: int) -> float:
        """When so many frames, from the first on, will be there."""
        pieces = -(-(frames - self._there) // self._piece)
        return self._lag + (self._there + pieces * self._piece) / self._rate

    def see(self, now: float, there: int, since: float = 0.0) -> None:
        """`there` frames have come; `since`: seconds since a look at which they had not, if there was one."""
        lag = now - there / self._rate
        if since and there > self._there:
            self._piece = there - self._there
            self._lag = lag - since / 2.0
            self._earlier = _EARLIER_SECONDS
        elif there > self._there:
            self._lag = min(self._lag - self._earlier, lag)
            self._earlier *= 2.0
        self._there = there
