"""Packets lost on the way, singly and in bursts, and what a decoder plays in their place."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.signal import correlate

from training.audio import RATE, Float32

Concealment = Literal["zeros", "repeat", "pitch"]

PACKET = RATE // 50  # samples, 20 ms
SHARE = (0.005, 0.10)  # of the packets lost
BURST = (1.0, 4.0)  # packets, the mean length of a loss
CONCEALMENT: tuple[Concealment, ...] = ("zeros", "repeat", "pitch")
_HELD, _FADED = RATE // 100, RATE * 6 // 100  # samples at full level, and until silence (ITU-T G.711 Appendix I)
_JOIN = RATE // 200  # samples, 5 ms: what was made up fades into what arrives
_LAGS = RATE // 200, RATE // 66  # samples in a pitch period, 200 to 66 Hz (ITU-T G.711 Appendix I)


def over_network(x: Float32, rng: np.random.Generator) -> Float32:
    """`x` (float32[n]) as it comes over a network that loses packets: a drawn share, burst and concealment."""
    share = float(np.exp(rng.uniform(*np.log(SHARE))))
    how = CONCEALMENT[rng.integers(len(CONCEALMENT))]
    return lose(x, rng, share=share, burst=rng.uniform(*BURST), how=how)


def lose(x: Float32, rng: np.random.Generator, *, share: float, burst: float, how: Concealment) -> Float32:
    """Lose `share` of the packets of `x`, in bursts of `burst` on average; the first packet starts anywhere."""
    phase = int(rng.integers(PACKET))  # samples of the first packet that lie before x
    lost = losses(-(-(x.size + phase) // PACKET), rng, share=share, burst=burst)
    return conceal(np.pad(x, (phase, 0)), lost, how)[phase:]


def losses(packets: int, rng: np.random.Generator, *, share: float, burst: float) -> npt.NDArray[np.bool_]:
    """Which packets are lost: bool[packets], by Gilbert's model (1960; Elliott 1963), whose bad state loses all.

    `share` of packets lost in the long run, 0 to below 1; `burst`, 1 or more, packets that a loss lasts on average.
    """
    if not 0 <= share < 1 or burst < 1:
        raise ValueError(f"a share in [0, 1) and a burst of at least 1, not {share} and {burst}")
    recover = 1.0 / burst
    fail = min(share * recover / (1 - share), 1.0)
    draws = rng.random(packets)
    lost = np.zeros(packets, bool)
    bad = rng.random() < share
    for i, draw in enumerate(draws):
        lost[i] = bad
        bad = draw >= recover if bad else draw < fail
    return lost


def conceal(x: Float32, lost: npt.NDArray[np.bool_], how: Concealment) -> Float32:
    """Play `x` (float32[n]) without its `lost` packets (bool[packets]); n may end within the last packet.

    `zeros` plays silence; `repeat` the last packet again and again; `pitch` the last pitch period: the last two
    fade to silence within 60 ms and join what arrives over 5 ms.
    """
    out = x.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]]).astype(np.int8))) * PACKET
    for start, end in edges.reshape(-1, 2):
        if how == "zeros" or start == 0:
            out[start:end] = 0.0
            continue
        made = _made_up(out[max(0, start - 2 * PACKET) : start], end - start + _JOIN, how)[: out.size - start]
        gone = min(end, out.size) - start
        out[start : start + gone] = made[:gone]
        joint = np.linspace(0, 1, made.size - gone, endpoint=False, dtype=np.float32)
        after = slice(start + gone, start + made.size)
        out[after] = out[after] * joint + made[gone:] * (1 - joint)
    return out


def _made_up(past: Float32, size: int, how: Concealment) -> Float32:
    """`size` samples that go on from `past`, and fade."""
    period = PACKET if how == "repeat" else _pitch_period(past)
    fade = np.clip((_FADED - np.arange(size)) / (_FADED - _HELD), 0, 1).astype(np.float32)
    return np.resize(past[-period:], size) * fade


def _pitch_period(past: Float32) -> int:
    """The lag, in samples, at which the end of `past` (float32[640]) is most like what was before it."""
    if past.size < PACKET + _LAGS[1]:
        return min(past.size, PACKET)
    recent, before = past[-PACKET:], past[-PACKET - _LAGS[1] : -_LAGS[0]]
    products = correlate(before, recent, mode="valid", method="direct")  # [0] is the longest lag
    squares = np.concatenate([[0.0], np.cumsum(before.astype(np.float64) ** 2)])
    power = squares[PACKET:] - squares[:-PACKET]
    return _LAGS[1] - int(np.argmax(products / np.sqrt(power + 1e-9)))
