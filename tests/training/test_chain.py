"""What happens to a window on its way: seeded, within its limits, as long as before, the same for all that sounds."""

from dataclasses import fields, replace

import numpy as np
import pytest

pytest.importorskip("soxr")
pytest.importorskip("scipy")

from training import chain  # after the skips
from training.audio import RATE, rms, to_float, to_int16
from training.augment import trim_response
from training.effects.codecs import missing

VOICE = (0.2 * np.sin(2 * np.pi * 220 * np.arange(2 * RATE) / RATE)).astype(np.float32)
NOISE = np.random.default_rng(5).standard_normal(2 * RATE).astype(np.float32) * np.float32(0.05)
ROOM = trim_response(np.exp(-np.arange(4000) / 500).astype(np.float32))
NEVER = chain.Chances(**{field.name: 0.0 for field in fields(chain.Chances) if field.name != "speeds"})
EVERYTHING = chain.Chances(**{field.name: 1.0 for field in fields(chain.Chances) if field.name != "speeds"})
UNCODED = replace(EVERYTHING, mobile=0.0, coded=0.0)


def _passage(seed: int, chances: chain.Chances) -> chain.Passage:
    return chain.approach(VOICE, np.random.default_rng(seed), noise=NOISE, rooms=[ROOM], chances=chances)


def _uncoded(seed: int) -> np.ndarray:
    return chain.depart(_passage(seed, UNCODED))


def test_the_same_seed_gives_the_same_samples() -> None:
    """A window's way depends on its seed and on nothing else."""
    assert np.array_equal(_uncoded(1), _uncoded(1))
    assert not np.array_equal(_uncoded(1), _uncoded(2))


@pytest.mark.parametrize("seed", range(12))
def test_what_comes_out_fits(seed: int) -> None:
    """As many samples as went in, finite, within full scale, and at a level that was drawn."""
    for chances in (UNCODED, replace(chain.Chances(), mobile=0.0, coded=0.0)):
        out = chain.depart(_passage(seed, chances))
        assert (out.shape, out.dtype) == (VOICE.shape, np.float32)
        assert np.isfinite(out).all()
        assert np.abs(to_float(to_int16(out))).max() <= 1.0
    level = 20 * np.log10(rms(_uncoded(seed)))
    assert chain.LEVEL_DBFS[0] - 0.1 <= level <= chain.LEVEL_DBFS[1] + 0.1


def test_what_happens_never_does_not_happen() -> None:
    """With no chance of anything the samples stay as they are."""
    assert np.array_equal(chain.depart(_passage(3, NEVER)), VOICE)


def test_a_mobile_has_a_mobiles_codec() -> None:
    """A handset's codec is one of the old mobiles'; without a mobile any codec may be drawn, and none."""
    drawn = [_passage(seed, replace(NEVER, mobile=0.5, coded=0.5)) for seed in range(60)]
    assert {passage.codec for passage in drawn if passage.mobile} <= set(chain.MOBILE)
    others = {passage.codec for passage in drawn if not passage.mobile}
    assert "" in others
    assert len(others) > 5


@pytest.mark.skipif(bool(missing("g711-mu")), reason=missing("g711-mu"))
def test_coding_together_is_coding_each() -> None:
    """The other windows of its codec do not change a window."""
    alone, second = (_passage(seed, replace(NEVER, coded=1.0)) for seed in (1, 1))
    for passage in (alone, second):
        passage.codec = "g711-mu"
    other = replace_codec(_passage(2, UNCODED), "g711-mu")
    chain.code([alone])
    chain.code([other, second])
    assert alone.samples.shape == VOICE.shape
    assert second.samples == pytest.approx(alone.samples, abs=2e-3)


def replace_codec(passage: chain.Passage, codec: str) -> chain.Passage:
    """`passage` with `codec`."""
    passage.codec = codec
    return passage
