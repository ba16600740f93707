"""What a telephone line carries besides a voice, and what it does to all of it."""

from shutil import which

import numpy as np

from training.audio import RATE, Float32, Int16, rms, to_float, to_int16
from training.augment import at_level
from training.corpora.manifest import Split
from training.effects.midi import SOUND_FONTS, render
from training.effects.packet_loss import CONCEALMENT, lose
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


def over_line(x: Float32, rng: np.random.Generator) -> Int16:
    """`x` (float32[n]) with the line's noise, through G.711 of either law, with packets lost: int16[n]."""
    noisy = np.clip(x + line_noise(rng, x.size), -1.0, 1.0)
    coded = over_telephone(noisy, "mu" if rng.random() < 0.5 else "a")
    how = CONCEALMENT[rng.integers(len(CONCEALMENT))]
    return to_int16(lose(coded, rng, share=rng.uniform(0.0, LOST), burst=rng.uniform(*BURST), how=how))


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
