"""Laws of liveness: what is wrong is noticed in time, named with its cause, and told once."""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from stream.liveness import SILENT_SECONDS, STALLED_SECONDS, TROUBLE, Liveness, Signs
from stream.records import Condition

NOTICED_SECONDS = 3.0


@dataclass
class Spell:
    """A stretch of a stream's life, in steps of 0.1 s."""

    steps: int
    arrives: bool
    zeros: bool
    condition: Condition


spells = st.lists(
    st.builds(
        Spell,
        steps=st.integers(1, 60),
        arrives=st.booleans(),
        zeros=st.booleans(),
        condition=st.sampled_from(
            [Condition(), Condition(), Condition("recovering", "gone"), Condition("failed", "gone for long")]
        ),
    ),
    min_size=1,
    max_size=12,
)


def lived(spells: list[Spell]) -> Iterator[tuple[float, Spell, Liveness, Signs, bool]]:
    """Each look of a life: when something happened, or was due."""
    now, captured, heard, zeros = 100.0, 0, 100.0, 0.0
    liveness = Liveness(now)
    condition = Condition()
    for spell in spells:
        for _ in range(spell.steps):
            now += 0.1
            if spell.arrives:
                captured, heard, zeros = captured + 1600, now, zeros + 0.1 if spell.zeros else 0.0
            signs = Signs(captured, heard, awaited=True, zeros=zeros, condition=spell.condition, ended=False)
            happened = spell.arrives or spell.condition != condition
            condition = spell.condition
            if happened or now >= liveness.due:
                yield now, spell, liveness, signs, liveness.look(now, signs)


@given(spells)
def test_states_say_what_is(spells: list[Spell]) -> None:
    """The source's word first, then no audio, then only zeros; each with a cause, and healthy without one."""
    for now, _, liveness, signs, _ in lived(spells):
        if signs.condition.state != "capturing":
            assert (liveness.state, liveness.cause) == (signs.condition.state, signs.condition.cause)
        elif now - signs.heard >= STALLED_SECONDS:
            assert liveness.state == "stalled"
        elif signs.zeros >= SILENT_SECONDS:
            assert liveness.state == "silent"
        else:
            assert liveness.state == ("healthy" if signs.captured else "starting")
        assert (liveness.state in TROUBLE) == (liveness.cause is not None)


@given(spells)
def test_trouble_is_noticed_in_time(spells: list[Spell]) -> None:
    """Looking only when something happens or is due, no stall and no silence lasts 3 s unnoticed."""
    for now, _, liveness, signs, _ in lived(spells):
        assert now - signs.heard < NOTICED_SECONDS or liveness.state in TROUBLE
        assert signs.zeros < NOTICED_SECONDS or liveness.state in TROUBLE
        assert now < liveness.due <= now + STALLED_SECONDS


@given(spells)
def test_news_is_each_change_of_trouble_and_nothing_else(spells: list[Spell]) -> None:
    """A look is news where trouble began, changed or went, once; how long a state has lasted counts from its start."""
    before, since = ("starting", None), 100.0
    for now, _, liveness, _, news in lived(spells):
        after = (liveness.state, liveness.cause)
        assert news == (before != after and bool(TROUBLE & {before[0], after[0]}))
        since = since if before[0] == after[0] else now
        assert liveness.since == since
        before = after


@given(spells, st.sampled_from([Condition(), Condition("failed", "out of order")]))
def test_the_end_is_for_good(spells: list[Spell], condition: Condition) -> None:
    """A stream that has ended is `ended`, whatever else; it says why where its source had failed."""
    for now, _, liveness, signs, _ in lived(spells):
        over = Signs(signs.captured, signs.heard, signs.awaited, signs.zeros, condition, ended=True)
        liveness.look(now, over)
        assert (liveness.state, liveness.cause) == ("ended", condition.cause)


def test_a_late_worker_is_no_stall() -> None:
    """Where the worker has not dealt with what there is, the source is not blamed, and it looks again later."""
    liveness = Liveness(0.0)
    for now in (2.0, 5.0, 60.0):
        liveness.look(now, Signs(1, 0.0, awaited=False, zeros=0.0, condition=Condition(), ended=False))
        assert liveness.state == "healthy"
        assert liveness.due == now + STALLED_SECONDS
