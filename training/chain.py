"""What happens to a window on its way from mouth to model, in two halves around a codec.

A codec's program is started once for many windows: `approach` each window, `code` them together, let each `depart`.
Each window draws from a seeded generator of its own. Voices, noise and music go the same way, so that a codec's
sound never tells one from the other.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from training.audio import Float32
from training.augment import TILT_DB_PER_OCTAVE, at_level, change_speed, in_room, mix, tilt
from training.effects.codecs import CODECS, through
from training.effects.mobile import in_handset, on_line
from training.effects.packet_loss import over_network
from training.effects.wind import handled, in_wind, popped
from training.telephone import over_telephone, pass_band

SPEED = (0.94, 1.06)  # pitch and formants move with it: more would change who seems to speak
SNR_DB = (0.0, 25.0)
LEVEL_DBFS = (-45.0, -6.0)  # RMS
LINE_DBFS = (-36.0, -12.0)  # RMS, into a telephone or a codec
MOBILE = ("gsm", "amr-4.75", "amr-5.9", "amr-7.4", "amr-12.2")  # the codecs of old mobiles
TOGETHER = 500  # windows in one call of a codec: 600 MB


@dataclass(frozen=True, slots=True)
class Chances:
    """How often each thing happens to a window."""

    speed: float = 0.5
    room: float = 0.35
    tilt: float = 0.5
    noise: float = 0.6
    wind: float = 0.08
    handled: float = 0.04
    popped: float = 0.05
    overdrive: float = 0.08
    mobile: float = 0.15  # handset, mobile codec and line
    coded: float = 0.25  # of the others: any codec
    telephone: float = 0.15  # of what is left: the band and G.711, without a program
    narrow: float = 0.1  # of what is left: another band limit
    lost: float = 0.06  # packets, of the uncoded
    coded_lost: float = 0.35  # packets, of the coded
    level: float = 0.8
    speeds: tuple[float, float] = SPEED


@dataclass(slots=True)
class Passage:
    """A window (float32[n]) between the halves."""

    samples: Float32
    rng: np.random.Generator
    chances: Chances
    codec: str  # empty: none
    mobile: bool


def approach(
    samples: Float32,
    rng: np.random.Generator,
    *,
    noise: Float32 | None,
    rooms: Sequence[Float32],
    chances: Chances,
) -> Passage:
    """From the mouth to the codec: room, microphone, noise (float32[n], may be mixed in), wind, hand and handset."""
    x = _heard(samples, rng, noise, rooms, chances)
    if rng.random() < chances.wind:
        x = in_wind(x, rng)
    if rng.random() < chances.handled:
        x = handled(x, rng)
    if rng.random() < chances.popped:
        x = popped(x, rng)
    if rng.random() < chances.overdrive:
        x = at_level(x, rng.uniform(-9.0, 3.0))
    mobile = rng.random() < chances.mobile
    codec = ""
    if mobile:
        x, codec = in_handset(x, rng), MOBILE[rng.integers(len(MOBILE))]
    elif rng.random() < chances.coded:
        codec = list(CODECS)[rng.integers(len(CODECS))]
    if codec:
        x = at_level(x, rng.uniform(*LINE_DBFS))
    return Passage(x, rng, chances, codec, mobile)


def code(passages: Iterable[Passage]) -> None:
    """Put each window through its codec, those of one codec together."""
    waiting: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        if passage.codec:
            waiting[passage.codec].append(passage)
    for codec, group in waiting.items():
        for at in range(0, len(group), TOGETHER):
            part = group[at : at + TOGETHER]
            coded = through(codec, [passage.samples for passage in part])
            for passage, samples in zip(part, coded, strict=True):
                passage.samples = samples


def depart(passage: Passage) -> Float32:
    """From the codec to the model: the line, packets lost, the level: float32[n]."""
    x, rng, chances = passage.samples, passage.rng, passage.chances
    if passage.mobile:
        x = on_line(x, rng)
    elif not passage.codec:
        x = _uncoded(x, rng, chances)
    if rng.random() < (chances.coded_lost if passage.codec else chances.lost):
        x = over_network(x, rng)
    if rng.random() < chances.level:
        x = at_level(x, rng.uniform(*LEVEL_DBFS))
    return x


def _heard(
    x: Float32, rng: np.random.Generator, noise: Float32 | None, rooms: Sequence[Float32], chances: Chances
) -> Float32:
    """What a microphone in a room with noise makes of it."""
    if rng.random() < chances.speed:
        x = change_speed(x, rng.uniform(*chances.speeds))
    if rooms and rng.random() < chances.room:
        x = in_room(x, rooms[int(rng.integers(len(rooms)))], rng.uniform(0.2, 1.0))
    if rng.random() < chances.tilt:
        x = tilt(x, rng.uniform(-TILT_DB_PER_OCTAVE, TILT_DB_PER_OCTAVE))
    if noise is not None and rng.random() < chances.noise:
        x = mix(x, noise, rng.uniform(*SNR_DB))
    return x


def _uncoded(x: Float32, rng: np.random.Generator, chances: Chances) -> Float32:
    """A telephone line or another band limit, at times."""
    if rng.random() < chances.telephone:
        law = "mu" if rng.random() < 0.5 else "a"
        return over_telephone(at_level(x, rng.uniform(*LINE_DBFS)), law,
                              low=rng.uniform(100, 400), high=rng.uniform(2800, 3700))  # fmt: skip
    if rng.random() < chances.narrow:
        return pass_band(x, rng.uniform(20, 300), rng.uniform(3000, 7500))
    return x
