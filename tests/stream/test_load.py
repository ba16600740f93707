"""The synthetic load: as many live streams as asked for."""

import threading

import pytest

from models import UnusableError
from stream.ring import Ring
from stream.sources import InputSettings, open_source


class Intake:
    """Gives rings, and lets the source stop once each has had a block."""

    def __init__(self, streams: int) -> None:
        self.stopping = threading.Event()
        self.rings: dict[str, Ring] = {}
        self.said: list[str] = []
        self._streams = streams

    def open(self, stream: str, *, rate: int, live: bool, timed: bool) -> Ring:
        assert live
        assert timed
        ring = self.rings[stream] = Ring(10 * rate, live=live, wake=self._look)
        ring.await_position(1)
        return ring

    def _look(self) -> None:
        written = sum(ring.mark.position > 0 for ring in self.rings.values())
        if written == self._streams:
            self.stopping.set()

    def say(self, line: str) -> None:
        self.said.append(line)

    def refuse(self, source: str, cause: str, count: int = 1) -> None:
        raise AssertionError


@pytest.mark.parametrize("source", ["load://", "load://0", "load://many", "load://-3", "load://100001"])
def test_a_number_of_streams_is_expected(source: str) -> None:
    """Anything else is refused with the value and an example."""
    with pytest.raises(UnusableError, match="as in load://1000"):
        open_source(source, InputSettings())


@pytest.mark.slow
def test_each_stream_is_fed_until_the_end() -> None:
    """Every stream gets blocks, all are closed, and the cost of writing them is told."""
    intake = Intake(7)
    open_source("load://7", InputSettings(stream="try")).capture(intake)
    assert sorted(intake.rings) == [f"try-{i}" for i in range(7)]
    for ring in intake.rings.values():
        assert ring.mark.position > 0
        while ring.read(16_000) is not None:
            pass
        assert ring.exhausted
    assert "writing 7 streams took" in intake.said[-1]
