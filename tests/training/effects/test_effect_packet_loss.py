"""Lost packets: as many as asked, in bursts as long as asked, concealed without touching the others."""

import numpy as np
import pytest

pytest.importorskip("soxr")
pytest.importorskip("scipy")

from training.audio import RATE, rms  # after the skips
from training.effects.packet_loss import CONCEALMENT, PACKET, conceal, lose, losses, over_network


@pytest.mark.parametrize("share", [0.005, 0.03, 0.1])
@pytest.mark.parametrize("burst", [1.0, 2.5, 4.0])
def test_as_many_packets_are_lost_as_asked(share: float, burst: float) -> None:
    """In the long run the share of packets lost and the mean length of a loss are those asked for."""
    lost = losses(300_000, np.random.default_rng(1), share=share, burst=burst)
    starts = np.count_nonzero(np.diff(lost.astype(int), prepend=0) == 1)
    assert lost.mean() == pytest.approx(share, rel=0.15)
    assert lost.sum() / starts == pytest.approx(burst, rel=0.15)


def test_impossible_losses_are_refused() -> None:
    """A share of 1 or a burst below one packet raises ValueError."""
    for share, burst in ((1.0, 2.0), (-0.1, 2.0), (0.1, 0.5)):
        with pytest.raises(ValueError, match="a share in"):
            losses(10, np.random.default_rng(0), share=share, burst=burst)


@pytest.mark.parametrize("how", CONCEALMENT)
def test_what_arrives_is_played_as_it_is(how, voice) -> None:
    """Packets that arrive are unchanged but for 5 ms after a loss; nothing lost, nothing changed."""
    lost = losses(voice.size // PACKET, np.random.default_rng(2), share=0.1, burst=2)
    heard = conceal(voice, lost, how)
    kept = np.repeat(~lost, PACKET)
    joint = np.convolve(np.repeat(lost, PACKET), np.ones(RATE // 200 + 1))[: kept.size] > 0.5
    assert lost.any()
    assert np.array_equal(heard[kept & ~joint], voice[kept & ~joint])
    assert not np.array_equal(heard, voice)
    assert np.array_equal(conceal(voice, np.zeros_like(lost), how), voice)


@pytest.mark.parametrize("size", [0, 1, 100, PACKET, 3 * PACKET - 1, 3 * PACKET + 1])
@pytest.mark.parametrize("how", CONCEALMENT)
def test_any_length_may_be_lost(size: int, how, voice) -> None:
    """However short the sound and wherever the loss, as many finite samples come out as went in."""
    for pattern in range(16):
        lost = np.array([pattern >> i & 1 for i in range(-(-size // PACKET))], bool)
        heard = conceal(voice[:size], lost, how)
        assert heard.shape == (size,)
        assert heard.dtype == np.float32
        assert np.isfinite(heard).all()


def test_concealment_is_nearer_than_silence() -> None:
    """For a steady tone, repeating the pitch period errs less than a packet, and that less than zeros."""
    tone = (0.3 * np.sin(2 * np.pi * 127 * np.arange(RATE) / RATE)).astype(np.float32)
    lost = np.arange(RATE // PACKET) % 7 == 4
    errors = {how: rms(conceal(tone, lost, how) - tone) for how in CONCEALMENT}
    assert errors["pitch"] < 0.5 * errors["zeros"]
    assert errors["pitch"] < errors["repeat"]


@pytest.mark.parametrize("how", ["repeat", "pitch"])
def test_a_long_loss_fades_to_silence(how, voice) -> None:
    """60 ms after the last packet nothing more is made up."""
    heard = conceal(voice, np.arange(voice.size // PACKET) >= 50, how)
    assert not heard[50 * PACKET + RATE * 6 // 100 :].any()
    assert heard[50 * PACKET : 51 * PACKET].any()


def test_the_same_seed_loses_the_same(voice) -> None:
    """Loss depends on its seed and on nothing else, and keeps the length."""
    first, again, other = (over_network(voice, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert lose(voice, np.random.default_rng(0), share=0.0, burst=1, how="zeros").shape == voice.shape
