"""Laws of the clock watch: set, asleep, held up are told apart, and counted in full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.clocks import ClockHealth, ClockWatch, Reading, most

looks = st.lists(
    st.tuples(
        st.floats(0.0, 2.0),  # seconds that passed
        st.sampled_from([0.0, 0.0, 0.0, 3600.0, -3600.0, 0.5, -0.5, 0.01]),  # the clock was set by
        st.sampled_from([0.0, 0.0, 0.0, 8 * 3600.0]),  # the machine slept
        st.sampled_from([0.0, 0.0, 0.01, 0.5, 9.0]),  # the look came late
    ),
    max_size=20,
)


@given(looks)
def test_each_event_is_told_apart_and_counted(looks: list[tuple[float, float, float, float]]) -> None:
    """For any sequence of them: as many lines as events, their seconds add up, and what is small is none."""
    wall, monotonic, boot = 1.7e9, 1000.0, 5000.0
    watch = ClockWatch(Reading(wall, monotonic, boot))
    told = 0
    for passed, jump, sleep, late in looks:
        due = monotonic + passed
        wall, monotonic, boot = wall + passed + late + jump + sleep, due + late, boot + passed + late + sleep
        told += len(watch.look(Reading(wall, monotonic, boot), due))
    jumps = [jump for _, jump, _, _ in looks if abs(jump) >= 0.5]
    sleeps = [sleep for _, _, sleep, _ in looks if sleep]
    holds = [late for _, _, _, late in looks if late > 1]
    health = watch.health
    assert (health.jumps, health.sleeps, health.hold_ups) == (len(jumps), len(sleeps), len(holds))
    assert told == len(jumps) + len(sleeps) + len(holds)
    assert health.jumped_seconds == pytest.approx(sum(jumps), abs=0.5)
    assert health.slept_seconds == pytest.approx(sum(sleeps), abs=0.1)
    assert health.held_up_seconds == pytest.approx(sum(holds), abs=0.1)


def test_of_several_processes_what_was_seen_most_of_counts() -> None:
    """Counts of several processes are never added up: each has seen the same machine."""
    one = ClockHealth(jumps=2, jumped_seconds=-7200.0, hold_ups=1, held_up_seconds=3.0)
    other = ClockHealth(jumps=1, jumped_seconds=3600.0, sleeps=1, slept_seconds=9.0)
    both = ClockHealth(
        jumps=2, jumped_seconds=-7200.0, sleeps=1, slept_seconds=9.0, hold_ups=1, held_up_seconds=3.0
    )  # fmt: skip
    assert most([one, other]) == most([other, one]) == both
    assert most([]) == ClockHealth()
