"""Laws of skipping windows, and of the order of work."""

import heapq
import random
import threading
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.agenda import Agenda
from stream.overload import OverloadSettings, Stride

HOPS = st.sampled_from([0.1, 0.5, 0.73, 2.0])
AGES = st.lists(st.floats(0.0, 20.0), max_size=200)  # seconds
MOST = st.integers(0, 20)


@given(hop=HOPS, ages=st.lists(st.floats(0.0, 1.0), max_size=100))
def test_nothing_is_skipped_on_time(hop: float, ages: list[float]) -> None:
    """Where each window is decided before the next is there, each is decided."""
    stride = Stride(OverloadSettings(), hop)
    assert all(stride.admits(age * hop) for age in ages)
    assert stride.stride == 1


@given(hop=HOPS, ages=AGES, most=MOST)
def test_the_first_is_decided_and_then_one_in_so_many(hop: float, ages: list[float], most: int) -> None:
    """However late it is, the first window is decided, and never more are skipped in a row than the settings say."""
    stride = Stride(OverloadSettings(most_skipped=most), hop)
    skipped = most  # as if as many had been skipped before the first
    for age in ages:
        skipped = 0 if stride.admits(age) else skipped + 1
        assert skipped <= most
        assert 1 <= stride.stride <= most + 1


@given(hop=HOPS, ages=AGES, most=MOST)
def test_it_recovers(hop: float, ages: list[float], most: int) -> None:
    """Whatever was before: once windows are on time again, all are decided again, before long."""
    stride = Stride(OverloadSettings(most_skipped=most), hop)
    for age in ages:
        stride.admits(age)
    for _ in range(20 + most * 40):
        stride.admits(0.0)
    assert stride.stride == 1
    assert all(stride.admits(0.0) for _ in range(20))


@given(hop=HOPS, hops=st.floats(1.0, 15.0))
def test_a_stall_skips_nothing_where_catching_up_is_quick(hop: float, hops: float) -> None:
    """After one stall, however long, a machine that is fast enough decides all windows that have waited."""
    stride = Stride(OverloadSettings(), hop)
    age = hops
    while age > 0.0:
        assert stride.admits(age * hop)
        age -= 0.95  # deciding took a twentieth of a hop


@given(hop=HOPS, late=st.floats(3.1, 30.0))
def test_what_has_piled_up_is_skipped_at_once(hop: float, late: float) -> None:
    """A stream that is late and stays so skips that window and as many as are there already, as far as it may."""
    stride = Stride(OverloadSettings(), hop)
    assert stride.admits(late * hop)
    assert not stride.admits(late * hop)
    assert stride.stride == min(int(late) + 1, 8)


@given(hop=HOPS, late=st.floats(1.3, 5.0), windows=st.integers(0, 100))
def test_it_comes_back_only_where_there_is_room(hop: float, late: float, windows: int) -> None:
    """Windows that are in time, but would not be with more decisions, leave the stride as it is."""
    stride = Stride(OverloadSettings(), hop)
    stride.admits(late * hop)
    stride.admits(late * hop)
    found = stride.stride
    assert found > 1
    for _ in range(windows):
        stride.admits((1.0 - 0.5 / found) * hop)
    assert stride.stride == found


class Machine:
    """Streams on one worker that takes the oldest window first. Time in hops; deciding on all takes `load` of one."""

    def __init__(self, streams: int, load: float, skipping: float, *, seed: int = 0) -> None:
        """`skipping`: what a skipped window costs of one that is decided."""
        self.costs = (load * skipping / streams, load / streams)
        self.strides = [Stride(OverloadSettings(), 0.5) for _ in range(streams)]
        chance = random.Random(seed)
        self._windows = [(chance.random(), stream) for stream in range(streams)]
        heapq.heapify(self._windows)
        self._now = 0.0

    def run(self, until: float) -> list[tuple[int, float, bool]]:
        """Stream, age and whether it was decided, of each window that came `until` then."""
        seen = []
        while self._windows[0][0] < until:
            came, stream = heapq.heappop(self._windows)
            self._now = max(self._now, came)
            age = self._now - came
            decided = self.strides[stream].admits(age * 0.5)
            self._now += self.costs[decided]
            seen.append((stream, age, decided))
            heapq.heappush(self._windows, (came + 1.0, stream))
        return seen


@settings(max_examples=8)
@given(
    streams=st.integers(1, 60),
    skipping=st.floats(0.05, 0.6),
    share=st.floats(0.2, 0.95),
    seed=st.integers(0, 1000),
)
def test_overload_is_shared_fairly_and_met(streams: int, skipping: float, share: float, seed: int) -> None:
    """Where there is time for a share of the windows, about as many are decided, none very late, strides alike."""
    load = 1.0 / (share + (1.0 - share) * skipping)
    machine = Machine(streams, load, skipping, seed=seed)
    machine.run(100)
    seen = machine.run(300)
    decided = sum(took for *_, took in seen) / len(seen)
    assert 0.55 * share - 0.05 <= decided <= share + 0.02
    assert max(age for _, age, _ in seen) < 8.0
    strides = [stride.stride for stride in machine.strides]
    assert max(strides) - min(strides) <= 3
    machine.costs = (machine.costs[0] * 0.4 / load, machine.costs[1] * 0.4 / load)
    machine.run(500)
    assert all(took for *_, took in machine.run(520))


@given(dues=st.lists(st.integers(0, 5), max_size=50))
def test_the_agenda_takes_what_is_due_first(dues: list[int]) -> None:
    """Work comes out in the order of its due times, of equal ones as it was noted; then nothing, at once."""
    agenda: Agenda[tuple[int, int]] = Agenda(lambda work: float(work[0]))
    for number, due in enumerate(dues):
        agenda.add((due, number))
    assert [agenda.take(until=0.0) for _ in dues] == sorted((due, number) for number, due in enumerate(dues))
    assert agenda.take(until=0.0) is None


def test_the_agenda_waits_for_any_thread() -> None:
    """Whoever waits gets what another thread adds; a nudge wakes for nothing, and loses nothing."""
    agenda: Agenda[int] = Agenda(float)
    long = time.monotonic() + 100.0
    threading.Timer(0.01, agenda.add, (3,)).start()
    assert agenda.take(until=long) == 3
    agenda.add(4)
    agenda.nudge()
    agenda.add(5)
    assert [agenda.take(until=long) for _ in range(3)] == [None, 4, 5]


def test_lateness_is_told_once() -> None:
    """By how much work was taken too late, at the worst; asked again, it begins anew."""
    agenda: Agenda[float] = Agenda(float)
    agenda.add(time.monotonic() + 100.0)
    agenda.take(until=0.0)
    assert agenda.lateness() == 0.0
    agenda.add(time.monotonic() - 100.0)
    agenda.take(until=0.0)
    assert 100.0 <= agenda.lateness() < 200.0
    assert agenda.lateness() == 0.0
