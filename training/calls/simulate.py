"""Calls made of recorded speakers, with the truth beside them. Each draws from a generator of its own.

A single leg is one speaker's utterances with pauses to listen, at times after hold music. An alternating one
has two speakers of different gender who take turns of 3 to 10 s. All goes over one line, or through one room.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.audio import RATE, Float32, Int16, read_audio, to_float
from training.augment import at_level
from training.calls.line import Way, hold_music, line_noise, over_line, ringing
from training.corpora import Recording
from training.corpora.manifest import Split
from training.corpora.speakers import capped
from training.gate import FRAME, voiced_frames

GENDERS = ("female", "male")
NOBODY = -1  # in a call's truth
LEG, LONG = 60.0, 300.0  # seconds
VOICELESS = ("music", "ringing", "noise")
LISTENING = 3.0  # seconds, mean pause between utterances
HELD = 0.5  # of the single legs begin with hold music
HOLD = (2.0, 10.0)  # seconds of it
TURN = (3.0, 10.0)  # seconds of an alternating leg's turns
GAP = (0.0, 0.6)  # seconds between them
PAUSED, PAUSE = 0.2, 2.0  # of the gaps are longer, by so many seconds on average
CHILD = 13  # years: younger voices are told by nobody
VOICE_DBFS = (-32.0, -16.0)  # RMS

Truth = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker and what there is of them."""

    name: str
    corpus: str
    gender: str
    clips: Sequence[Int16]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn as it was spoken."""

    start: float  # seconds
    end: float
    gender: str


@dataclass(frozen=True, slots=True)
class Script:
    """What happens on a call."""

    name: str
    kind: str  # single, alternating, meeting, or one of VOICELESS
    corpus: str
    speakers: tuple[str, ...]
    truth: Truth  # [20 ms frames]: index in GENDERS of who is voiced, or NOBODY
    turns: tuple[Spoken, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it arrives."""

    script: Script
    samples: Int16  # 16 kHz


@dataclass(slots=True)
class Track:
    """A call as it is put together."""

    size: int  # samples, whole frames
    at: int = 0  # samples so far
    sound: Float32 = field(init=False)
    truth: Truth = field(init=False)
    turns: list[Spoken] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sound = np.zeros(self.size, np.float32)
        self.truth = np.full(self.size // FRAME, NOBODY, np.int8)

    @property
    def left(self) -> int:
        """Samples until the end."""
        return self.size - self.at

    def wait(self, seconds: float) -> None:
        """Go on in silence for about `seconds`."""
        self.at = min(self.at + round(seconds * RATE / FRAME) * FRAME, self.size)

    def play(self, sound: Float32) -> None:
        """Go on with a sound that is no voice (whole frames)."""
        sound = sound[: self.left]
        self.sound[self.at : self.at + sound.size] = sound
        self.at += sound.size

    def say(self, clip: Int16, gender: str, dbfs: float) -> None:
        """Go on with a voice (whole frames)."""
        first, voiced = self.at // FRAME, voiced_frames(clip[: self.left])
        self.truth[first : first + voiced.size][voiced] = GENDERS.index(gender)
        self.play(at_level(to_float(clip), dbfs))
        if self.turns and self.turns[-1].gender == gender:
            self.turns[-1] = Spoken(self.turns[-1].start, self.at / RATE, gender)
        else:
            self.turns.append(Spoken(first * FRAME / RATE, self.at / RATE, gender))

    def send(
        self, kind: str, name: str, voices: Sequence[Voice], rng: np.random.Generator, way: Way = over_line
    ) -> Call:
        """All of it, this way."""
        corpus = "+".join(sorted({voice.corpus for voice in voices}))
        speakers = tuple(voice.name for voice in voices)
        script = Script(f"{kind}-{name}", kind, corpus, speakers, self.truth, tuple(self.turns))
        return Call(script, way(self.sound, rng))


def read_voices(data: Path, recordings: Sequence[Recording]) -> list[Voice]:
    """The grown speakers whose label is not in doubt, by name, with some of their recordings each."""
    return _voices(data, [row for row in recordings if row.adult])


def read_children(data: Path, recordings: Sequence[Recording]) -> list[Voice]:
    """The same of those under 13, whose label nobody hears."""
    return _voices(data, [row for row in recordings if row.age is not None and row.age < CHILD])


def _voices(data: Path, recordings: Sequence[Recording]) -> list[Voice]:
    known = [row for row in recordings if row.gender and row.speaker and not row.doubtful]
    of: defaultdict[tuple[str, str, str], list[Int16]] = defaultdict(list)
    for row in capped(known, 20):
        clip = _trimmed(read_audio(data / row.path))
        if clip.size:
            of[row.speaker, row.corpus, row.gender].append(clip)
    return [Voice(*who, clips) for who, clips in sorted(of.items())]


def singles(voices: Sequence[Voice], number: int, seed: int, split: Split, *, seconds: float = LEG) -> Iterator[Call]:
    """`number` legs, the voices in turn."""
    for place in range(number if voices else 0):
        voice = voices[place % len(voices)]
        yield single(voice, str(place), draw(seed, "single", place, voice.name), split, seconds=seconds)


def single(voice: Voice, name: str, rng: np.random.Generator, split: Split, *, seconds: float = LEG) -> Call:
    """A leg of one speaker. Utterances come in a drawn order, and again when all have been said."""
    track, dbfs = Track(_samples(seconds)), rng.uniform(*VOICE_DBFS)
    if rng.random() < HELD:
        track.play(hold_music(rng, min(_samples(rng.uniform(*HOLD)), track.size), split))
    track.wait(rng.uniform(0.0, 2.0))
    for clip in _utterances(voice, rng):
        track.say(clip, voice.gender, dbfs)
        track.wait(rng.exponential(LISTENING))
        if not track.left:
            return track.send("single", name, [voice], rng)
    raise AssertionError("utterances do not end")


def alternations(
    voices: Sequence[Voice],
    number: int,
    seed: int,
    *,
    seconds: float = LEG,
    name: str = "",
    way: Way = over_line,
) -> Iterator[Call]:
    """`number` legs of a woman and a man each, whoever is drawn."""
    women, men = ([voice for voice in voices if voice.gender == gender] for gender in GENDERS)
    for place in range(number if women and men else 0):
        rng = draw(seed, "alternating", place, f"{name}{seconds}")
        pair = [women[rng.integers(len(women))], men[rng.integers(len(men))]]
        pair = pair if rng.random() < 0.5 else pair[::-1]
        yield alternating(pair, f"{name}{place}", rng, seconds=seconds, way=way)


def alternating(
    pair: Sequence[Voice],
    name: str,
    rng: np.random.Generator,
    *,
    seconds: float = LEG,
    turn: tuple[float, float] = TURN,
    way: Way = over_line,
) -> Call:
    """A leg of two speakers who take turns, each as loud as they are; none begins that has no time left."""
    track = Track(_samples(seconds))
    speaking = [(voice, _utterances(voice, rng), rng.uniform(*VOICE_DBFS)) for voice in pair]
    number = 0
    while track.left >= _samples(turn[0]):
        voice, utterances, dbfs = speaking[number % 2]
        track.say(_of_length(utterances, _samples(rng.uniform(*TURN))), voice.gender, dbfs)
        track.wait(rng.uniform(*GAP) + (rng.exponential(PAUSE) if rng.random() < PAUSED else 0.0))
        number += 1
    return track.send("alternating", name, pair, rng, way)


def voiceless(number: int, seed: int, split: Split, *, seconds: float = LEG) -> Iterator[Call]:
    """`number` legs of each kind on which nobody speaks."""
    for kind in VOICELESS:
        for place in range(number):
            rng, track = draw(seed, kind, place), Track(_samples(seconds))
            if kind == "noise":
                track.play(line_noise(rng, track.size))
            else:
                track.play(hold_music(rng, track.size, split) if kind == "music" else ringing(rng, track.size))
            yield track.send(kind, str(place), [], rng)


def draw(seed: int, *key: str | int) -> np.random.Generator:
    """A generator of its own for each call."""
    return np.random.default_rng([seed, *(zlib.crc32(str(part).encode()) for part in key)])


def _utterances(voice: Voice, rng: np.random.Generator) -> Iterator[Int16]:
    while True:
        for place in rng.permutation(len(voice.clips)):
            yield voice.clips[place]


def _of_length(utterances: Iterator[Int16], size: int) -> Int16:
    """As many utterances as make `size` samples, the last one cut short."""
    pieces: list[Int16] = []
    while sum(piece.size for piece in pieces) < size:
        pieces.append(next(utterances))
    return np.concatenate(pieces)[:size]


def _trimmed(clip: Int16) -> Int16:
    """From the first to the last frame that is voiced; empty where none is."""
    voiced = np.flatnonzero(voiced_frames(clip))
    return clip[voiced[0] * FRAME : (voiced[-1] + 1) * FRAME] if voiced.size else clip[:0]


def _samples(seconds: float) -> int:
    """Whole frames, one at least."""
    return max(round(seconds * RATE / FRAME), 1) * FRAME
