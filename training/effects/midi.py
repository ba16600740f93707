"""Music from General MIDI sound fonts through FluidSynth: random pieces of chords, bass, melody and drums.

Train, dev and test have sound fonts of their own, so that the network is asked about instruments it has not heard.
"""

import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which

import mido
import numpy as np
import numpy.typing as npt

from models import UnusableError
from training.audio import RATE, Int16, to_int16

_FOLDER = Path("/usr/share/sounds/sf2")
SOUND_FONTS = {  # by split; Debian's timgm6mb-soundfont, opl3-soundfont and fluid-soundfont-gm
    "train": _FOLDER / "TimGM6mb.sf2",
    "dev": _FOLDER / "OPL-3_FM_128M.sf2",
    "test": _FOLDER / "FluidR3_GM.sf2",
}
PATIENCE = 120  # s, for one piece
_BEAT = 480  # ticks
_DRUMS = 9  # channel
_RARE = 0.02  # of the melodies are sung by a choir or by "voice oohs"

Programs = tuple[int, ...]  # of General MIDI, from 0
VOICES: Programs = (52, 53, 54, 85, 91)
_SINGING: tuple[Programs, ...] = (  # families for melodies, those nearest to a voice twice
    tuple(range(64, 72)), tuple(range(64, 72)), (80, 81, 82, 83, 84, 86, 87), (80, 81, 82, 83, 84, 86, 87),
    (40, 41, 42, 43, 44, 48, 49), (40, 41, 42, 110), tuple(range(56, 64)), tuple(range(72, 80)),
    (0, 1, 2, 4, 5, 11, 12), (21, 22, 23), (24, 25, 26, 27, 29, 30),
)  # fmt: skip
_BACKING: tuple[Programs, ...] = (
    (0, 1, 2, 3, 4, 5), tuple(range(16, 22)), (24, 25, 26, 27, 28), (48, 49, 50, 51), (88, 89, 90, 92, 93, 94, 95),
    (61, 62, 63), (45, 46, 6, 7),
)  # fmt: skip
_BASSES: Programs = tuple(range(32, 40))
_PROGRESSIONS = (
    (0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 4), (1, 4, 0, 0), (5, 3, 0, 4), (0, 6, 5, 4), (0, 2, 3, 4), (0, 3), (0,),
)  # fmt: skip
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))  # semitones; degrees count from 0


@dataclass(slots=True)
class Piece:
    """A piece as it is composed: its key, and the messages so far with their ticks."""

    rng: np.random.Generator
    bars: int
    root: int = 0  # MIDI note
    scale: tuple[int, ...] = _SCALES[0]
    progression: tuple[int, ...] = (0,)  # degree of each bar's chord
    messages: list[tuple[int, mido.Message]] = field(default_factory=list)

    def note(self, channel: int, pitch: int, start: float, beats: float, velocity: float) -> None:
        """Play `pitch` for `beats` from beat `start` on."""
        pitch, loud = int(np.clip(pitch, 0, 127)), int(np.clip(velocity, 1, 127))
        first, last = round(start * _BEAT), max(round((start + beats) * _BEAT), round(start * _BEAT) + 1)
        self.messages.append((first, mido.Message("note_on", channel=channel, note=pitch, velocity=loud)))
        self.messages.append((last, mido.Message("note_off", channel=channel, note=pitch)))

    def control(self, channel: int, beat: float, kind: str, **values: int) -> None:
        """Any other message at `beat`."""
        self.messages.append((round(beat * _BEAT), mido.Message(kind, channel=channel, **values)))

    def pitch(self, degree: int, octave: int) -> int:
        """The note of a degree of the scale, octaves above the root."""
        return self.root + self.scale[degree % 7] + 12 * (degree // 7 + octave)

    def pick(self, families: tuple[Programs, ...]) -> int:
        """An instrument of one of the families."""
        family = families[self.rng.integers(len(families))]
        return int(self.rng.choice(family))


def render(rng: np.random.Generator, seconds: float, sound_font: Path) -> Int16:
    """A random piece: int16[seconds * 16000], peak between 0.1 and 0.9. Raises UnusableError without FluidSynth."""
    if not which("fluidsynth"):
        raise UnusableError("no fluidsynth here: apt-get install fluidsynth")
    if not sound_font.is_file():
        raise UnusableError(f"no sound font {sound_font}: apt-get install timgm6mb-soundfont opl3-soundfont "
                            "fluid-soundfont-gm, or name another General MIDI .sf2")  # fmt: skip
    samples = int(seconds * RATE)
    piece, effects = compose(rng, seconds), [f"-{name}{int(rng.integers(2))}" for name in "RC"]  # reverb, chorus
    heard = _play(piece, sound_font, effects)[:samples]
    heard = np.pad(heard, (0, samples - heard.size))
    return to_int16(heard / (np.max(np.abs(heard)) + 1e-9) * rng.uniform(0.1, 0.9))


def compose(rng: np.random.Generator, seconds: float) -> mido.MidiFile:
    """A piece of at least `seconds`: chords nearly always; bass, melody and drums often."""
    tempo = rng.uniform(60, 150)  # beats a minute
    piece = Piece(rng, int(seconds * tempo / 60 / 4) + 1)
    piece.root, piece.scale = int(rng.integers(48, 60)), _SCALES[rng.integers(2)]
    piece.progression = _PROGRESSIONS[rng.integers(len(_PROGRESSIONS))]
    parts = [part for part, chance in ((_chords, 0.75), (_bass, 0.6), (_melody, 0.75), (_drums, 0.45))
             if rng.random() < chance]  # fmt: skip
    for part in parts or [_melody]:
        part(piece)
    return _written(piece, tempo)


def _chords(piece: Piece) -> None:
    """Held, struck or broken chords, a bar each."""
    rng, held = piece.rng, piece.rng.choice([4.0, 2.0, 1.0])
    broken, sevenths, loud = rng.random() < 0.35, rng.random() < 0.3, rng.uniform(50, 100)
    piece.control(0, 0, "program_change", program=piece.pick(_BACKING))
    for bar in range(piece.bars):
        degree = piece.progression[bar % len(piece.progression)]
        notes = [piece.pitch(degree + step, 0) for step in ((0, 2, 4, 6) if sevenths else (0, 2, 4))]
        for beat in np.arange(0, 4, 0.5 if broken else held):
            for note in [notes[int(beat * 2) % len(notes)]] if broken else notes:
                piece.note(0, note, 4 * bar + beat, 0.6 if broken else held * 0.95, loud + rng.normal(0, 6))


def _bass(piece: Piece) -> None:
    """Roots and fifths."""
    rng, step = piece.rng, float(piece.rng.choice([0.5, 1.0, 2.0]))
    piece.control(1, 0, "program_change", program=int(rng.choice(_BASSES)))
    for bar in range(piece.bars):
        degree = piece.progression[bar % len(piece.progression)]
        for beat in np.arange(0, 4, step):
            note = piece.pitch(degree + (4 if beat and rng.random() < 0.25 else 0), -2)
            piece.note(1, note, 4 * bar + beat, step * 0.9, rng.uniform(70, 110))


def _melody(piece: Piece) -> None:
    """A walk on the scale with rests, slides and vibrato, as a singer would."""
    rng, degree, beat = piece.rng, int(piece.rng.integers(7)), 0.0
    rare = rng.random() < _RARE
    piece.control(2, 0, "program_change", program=piece.pick((VOICES,) if rare else _SINGING))
    piece.control(2, 0, "control_change", control=1, value=int(rng.choice([0, 0, 30, 80])))  # vibrato
    octave, slides = int(rng.integers(0, 2)), rng.random() < 0.5
    while beat < 4 * piece.bars:
        size = float(rng.choice([0.25, 0.5, 0.5, 1.0, 1.0, 2.0, 3.0]))
        degree = int(np.clip(degree + rng.choice([-4, -2, -1, -1, 0, 1, 1, 2, 4]), -3, 10))
        if rng.random() < 0.9:  # else a rest
            if slides and rng.random() < 0.4:
                for at, bend in zip(np.linspace(0, 0.2, 6), np.linspace(rng.uniform(-8000, 4000), 0, 6), strict=True):
                    piece.control(2, beat + at, "pitchwheel", pitch=int(bend))
            piece.note(2, piece.pitch(degree, octave), beat, size * rng.uniform(0.5, 1.05), rng.uniform(70, 115))
        beat += size


def _drums(piece: Piece) -> None:
    """Kick, snare and hat on eighths, with a random mistake here and there."""
    rng = piece.rng
    for eighth in range(8 * piece.bars):
        hits = [int(rng.choice([42, 46, 51]))] * (rng.random() < 0.8)
        hits += [36] * (eighth % 4 == 0 or rng.random() < 0.1) + [int(rng.choice([38, 40]))] * (eighth % 4 == 2)
        for drum in hits:
            piece.note(_DRUMS, drum, eighth / 2, 0.25, rng.uniform(60, 115))


def _written(piece: Piece, tempo: float) -> mido.MidiFile:
    """The piece as a MIDI file of one track."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo))])
    now = 0
    for tick, message in sorted(piece.messages, key=lambda timed: timed[0]):  # stable: off before a later on
        track.append(message.copy(time=tick - now))
        now = tick
    return mido.MidiFile(ticks_per_beat=_BEAT, tracks=[track])


def _play(piece: mido.MidiFile, sound_font: Path, effects: list[str]) -> npt.NDArray[np.float64]:
    """What FluidSynth makes of it, channels averaged: float64[n]."""
    with tempfile.TemporaryDirectory() as folder:
        written, played = Path(folder, "piece.mid"), Path(folder, "piece.raw")
        piece.save(written)
        options = ["-n", "-i", "-q", *effects, "-r", str(RATE), "-O", "s16", "-T", "raw", "-F", str(played)]
        quick = ["-o", "synth.dynamic-sample-loading=1"]  # reads of a large font only what is played
        command = ["fluidsynth", *options, *quick, str(sound_font), str(written)]
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
        if done.returncode or not played.is_file():
            raise UnusableError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.decode()[-300:]}")
        return np.fromfile(played, "<i2").reshape(-1, 2).mean(axis=1)
