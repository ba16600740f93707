"""Laws of the length of a microphone's blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.capture.device import choose_block


@given(rate=st.integers(8000, 192_000), pace=st.integers(1, 400_000))
def test_what_is_waited_for_ends_with_a_block(rate: int, pace: int) -> None:
    """The longest block of 40 to 100 ms into which the pace can be parted; 40 ms where there is none."""
    block, least, most = choose_block(rate, pace), round(0.04 * rate), round(0.1 * rate)
    fitting = [each for each in range(least, most + 1) if pace % each == 0]
    assert block == max(fitting, default=least)


@pytest.mark.parametrize("hop", [0.1, 0.2, 0.3, 0.5, 1.0, 2.0])
def test_usual_hops_take_ten_blocks_a_second(hop: float) -> None:
    """A microphone wakes nobody more often than that."""
    assert choose_block(16_000, round(hop * 16_000)) == 1600
