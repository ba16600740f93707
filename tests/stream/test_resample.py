"""Laws of the resampler: the same however it was cut, gaps in place, nothing lost in between."""

import itertools

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from stream.records import AudioBlock, Gap
from stream.resample import Resampler, to_int16

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000]


def noise(length: int) -> np.ndarray:
    return np.random.default_rng(length).integers(-20000, 20000, length, np.int16)


def resampled(rate: int, pieces: list[AudioBlock | Gap]) -> list[AudioBlock | Gap]:
    resampler = Resampler(rate)
    return [part for piece in pieces for part in resampler.push(piece)] + list(resampler.finish())


@given(rate=st.sampled_from(RATES), cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=12))
def test_does_not_depend_on_the_blocks(rate: int, cuts: list[int]) -> None:
    """For any split of the input the output is soxr's of the whole, bit for bit, without a hole."""
    whole = noise(sum(cuts))
    starts = np.cumsum([0, *cuts])
    parts = resampled(rate, [AudioBlock(int(a), whole[a:b]) for a, b in itertools.pairwise(starts)])
    position = 0
    for part in parts:
        assert part.start == position
        position = part.end
    ours = np.concatenate([part.samples for part in parts if isinstance(part, AudioBlock)] or [whole[:0]])
    expected = whole if rate == 16000 else to_int16(soxr.resample(whole.astype(np.float32) / 32768, rate, 16000))
    np.testing.assert_array_equal(ours, expected)


@given(
    rate=st.sampled_from(RATES),
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 4) | st.integers(1, 4000)), min_size=1, max_size=10),
)
def test_gaps_stay_in_place(rate: int, steps: list[tuple[bool, int]]) -> None:
    """Pieces tile the time at 16 kHz; each gap lies where it lay, to within a sample, and none is rounded away."""
    position, pieces = 0, []
    for is_gap, size in steps:
        block = AudioBlock(position, noise(size))
        pieces.append(Gap(position, size, "device", False) if is_gap else block)
        position += size
    parts = resampled(rate, pieces)
    at = 0
    for part in parts:
        assert part.start == at
        at = part.end
    before = [piece for piece in pieces if isinstance(piece, Gap)]
    after = [part for part in parts if isinstance(part, Gap)]
    assert len(before) == len(after)
    drift = 2 * len(before)  # each gap is at least one sample
    for gap, scaled in zip(before, after, strict=True):
        assert scaled.length >= 1
        assert scaled.start == pytest.approx(gap.start * 16000 / rate, abs=drift)
        assert scaled.end == pytest.approx(gap.end * 16000 / rate, abs=drift)


@given(st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=50))
def test_int16_is_the_nearest_and_clips(values: list[float]) -> None:
    """Samples become the nearest int16; what is over full scale becomes full scale."""
    expected = [min(max(round(value * 32768), -32768), 32767) for value in values]
    assert to_int16(np.array(values, np.float32)).tolist() == expected
