"""Make the demo recording from flite's voices: `python tools/demo.py [OUT]`. Nobody's own recording.

Two synthetic voices (slt, perceived as a woman's; rms, as a man's) take turns, with a pause, a tune that
is no voice, and an end in which they answer each other. Needs Debian's flite.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

RATE = 16_000  # Hz
OUT = Path(__file__).parents[1] / "stream" / "demo" / "demo.flac"
Audio = npt.NDArray[np.float32]

SCRIPT = (
    ("slt", "Good morning. This is a recording made by a machine, so that you can hear the daemon work at once."),
    ("rms", "And this is the second voice. Every half second, the daemon decides whether it hears a woman or a man."),
    (None, 1.5),
    ("tune", 4.0),
    (None, 1.0),
    ("slt", "That was music. It is not a voice, so the daemon says unknown, and gives its reason."),
    ("rms", "When it is in doubt, it says so as well. It would rather say nothing than guess."),
)


def speak(voice: str, text: str) -> Audio:
    """`text` in one of flite's voices: float32[n] at 16 kHz, -20 dBFS."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        audio, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE, rate
    return levelled(audio)


def tune(seconds: float) -> Audio:
    """Plucked notes of a major scale, two at a time: no voice at all."""
    out = np.zeros(round(seconds * RATE))
    notes = 220.0 * 2 ** (np.array([0, 4, 7, 12, 7, 4, 9, 5, 0, 7, 4, 12, 9, 7, 5, 4]) / 12)
    for i, note in enumerate(notes):
        at = round(i * 0.25 * RATE)
        t = np.arange(out.size - at) / RATE
        for harmonic in range(1, 7):
            for pitch in (note, note / 2):
                out[at:] += np.sin(2 * np.pi * pitch * harmonic * t) * np.exp(-4 * t) / harmonic**1.5
    return levelled(out)


def levelled(audio: npt.NDArray[np.floating]) -> Audio:
    """The same at an RMS of -20 dBFS."""
    return (audio * 0.1 / np.sqrt(np.mean(audio**2))).astype(np.float32)


def main() -> None:
    """Write the demo recording."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    random = np.random.default_rng(20)
    parts: list[Audio] = []
    for what, content in SCRIPT:
        if what is None:
            parts.append(np.zeros(round(float(content) * RATE), np.float32))
        else:
            parts.append(tune(float(content)) if what == "tune" else speak(what, str(content)))
            parts.append(np.zeros(RATE // 4, np.float32))
    audio = np.concatenate(parts)
    hiss = random.standard_normal(audio.size).astype(np.float32) * 10 ** (-65 / 20)
    out.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(out, audio + hiss, RATE, "PCM_16")
    print(f"{out}: {audio.size / RATE:.1f} s")


if __name__ == "__main__":
    main()
