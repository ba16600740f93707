"""Laws of streams' names: each given once, and each a name."""

import re

from hypothesis import given
from hypothesis import strategies as st

from stream.names import Names

wishes = st.lists(st.sampled_from(["a", "a-2", "a-3", "a-2-2", "b", "x" * 64, "x" * 62 + "-2"]), max_size=60)


@given(wishes=wishes, most=st.integers(0, 40))
def test_no_name_is_given_twice(wishes: list[str], most: int) -> None:
    """Whatever is asked for and however often, also beyond what is remembered: names differ, and are names."""
    names = Names(most)
    given_ = [names.give(wish) for wish in wishes]
    assert len(set(given_)) == len(given_)
    assert all(re.fullmatch("[A-Za-z0-9._-]{1,64}", name) for name in given_)
    for i, (wish, name) in enumerate(zip(wishes, given_, strict=True)):
        if i < most and wish not in given_[:i]:
            assert name == wish


def test_namesakes_are_numbered_from_two() -> None:
    """A, A-2, A-3, …; and a thousand of them as quickly as a thousand others."""
    names = Names()
    assert [names.give("a") for _ in range(1000)] == ["a", *(f"a-{n}" for n in range(2, 1001))]
