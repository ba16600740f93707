"""What a call comes over: what a telephone line carries besides a voice, and does to all of it; or a room's air."""

from collections.abc import Callable, Sequence
from shutil import which

import numpy as np

from training.audio import RATE, Float32, Int16, rms, to_float, to_int16
from training.augment import TILT_DB_PER_OCTAVE, at_level, in_room, mix, tilt
from training.corpora.manifest import Split
from training.effects.midi import SOUND_FONTS, render
from training.effects.packet_loss import CONCEALMENT, lose
from training.effects.rooms import simulate
from training.synthetic import coloured_noise, synthesise
from training.telephone import over_telephone

LOST = 0.03  # of the packets, at most
BURST = (1.0, 3.0)  # packets, the mean length of a loss
NOISE_DBFS = (-65.0, -40.0)  # RMS of the line's own noise
SOUND_DBFS = (-30.0, -15.0)  # RMS of hold music and of ringing
RINGING = (  # tones in Hz, seconds on and off; ITU-T E.180 Supplement 2 (2003): most of Europe, North America, UK
    ((425.0,), (1.0, 4.0)),
    ((440.0, 480.0), (2.0, 4.0)),
    ((400.0, 450.0), (0.4, 0.2, 0.4, 2.0)),
)
AIR_SNR_DB = (5.0, 35.0)  # of a voice in a room, pauses and all
AIR_DBFS = (-45.0, -15.0)  # RMS

Way = Callable[[Float32, np.random.Generator], Int16]
"""What all that is said on a call goes through."""


def over_line(x: Float32, rng: np.random.Generator) -> Int16:
    """`x` (float32[n]) with the line's noise, through G.711 of either law, with packets lost: int16[n]."""
    noisy = np.clip(x + line_noise(rng, x.size), -1.0, 1.0)
    coded = over_telephone(noisy, "mu" if rng.random() < 0.5 else "a")
    how = CONCEALMENT[rng.integers(len(CONCEALMENT))]
    return to_int16(lose(coded, rng, share=rng.uniform(0.0, LOST), burst=rng.uniform(*BURST), how=how))


def over_air(sounds: Sequence[Float32]) -> Way:
    """To a microphone in a room, beside one of `sounds` (float32[n]) or noise of any colour."""

    def over(x: Float32, rng: np.random.Generator) -> Int16:
        (room,) = simulate(rng, 1)
        heard = in_room(x, room.response, rng.uniform(0.0, 1.0))
        heard = tilt(heard, rng.uniform(-TILT_DB_PER_OCTAVE, TILT_DB_PER_OCTAVE))
        beside = coloured_noise(rng, x.size).astype(np.float32)
        if sounds and rng.random() < 0.5:
            beside = np.resize(sounds[rng.integers(len(sounds))], x.size)
        return to_int16(at_level(mix(heard, beside, rng.uniform(*AIR_SNR_DB)), rng.uniform(*AIR_DBFS)))

    return over


def line_noise(rng: np.random.Generator, n: int) -> Float32:
    """Steady or gusty noise of any colour: float32[n]."""
    noise = coloured_noise(rng, n).astype(np.float32)
    return noise * np.float32(10 ** (rng.uniform(*NOISE_DBFS) / 20) / rms(noise))


def hold_music(rng: np.random.Generator, n: int, split: Split) -> Float32:
    """Music of the split's sound font, or synthesised; that alone where this machine lacks the font: float32[n]."""
    played = rng.random() < 0.5 and SOUND_FONTS[split].is_file() and which("fluidsynth") is not None
    seconds = n / RATE
    music = render(rng, seconds, SOUND_FONTS[split]) if played else synthesise("music", rng, seconds=seconds)
    return at_level(np.resize(to_float(music), n), rng.uniform(*SOUND_DBFS))


def ringing(rng: np.random.Generator, n: int) -> Float32:
    """What a caller hears until somebody answers: float32[n]."""
    tones, cadence = RINGING[rng.integers(len(RINGING))]
    t = np.arange(n) / RATE
    edges = np.cumsum((0.0, *cadence))
    on = np.searchsorted(edges, t % edges[-1], side="right") % 2 == 1
    sound = np.sum([np.sin(2 * np.pi * hz * t) for hz in tones], axis=0) * on
    return at_level(sound.astype(np.float32), rng.uniform(*SOUND_DBFS))
