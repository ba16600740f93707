"""Real codecs through ffmpeg and sox, many clips to a call: starting a program for each window would cost more.

The codecs' delay is taken out: a probe, coded in front of the clips, tells how late they come.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from shutil import which

import numpy as np
import soxr
from scipy.signal import correlate, lfilter

from models import UnusableError
from training.audio import RATE, Float32, to_float, to_int16

GUARD = RATE // 4  # samples of silence between clips, in which a codec forgets the last one
PATIENCE = 600  # s, for one call of a program
_EARLIEST, _LATEST = -RATE // 20, RATE // 4  # a codec's delay, in samples
_INSTALL = {"ffmpeg": "apt-get install ffmpeg", "sox": "apt-get install sox libsox-fmt-all"}


@dataclass(frozen=True, slots=True)
class Codec:
    """One codec at one setting."""

    encoder: str  # ffmpeg's name of it, or sox's of its format
    container: str
    rate: int  # Hz, of what is coded
    options: tuple[str, ...] = ()
    program: str = "ffmpeg"


def _opus(kilobits: int, rate: int) -> Codec:
    effort = ("-compression_level", "5")  # of 10, as calls choose; half the time
    return Codec("libopus", "ogg", rate, ("-b:a", f"{kilobits}k", "-application", "voip", *effort))


def _amr(mode: int) -> Codec:
    return Codec("amr-nb", "amr-nb", 8000, ("-C", str(mode)), "sox")


CODECS: dict[str, Codec] = {
    "g711-mu": Codec("pcm_mulaw", "wav", 8000),
    "g711-a": Codec("pcm_alaw", "wav", 8000),
    "gsm": Codec("libgsm", "gsm", 8000),  # full rate, 13 kbit/s
    **{f"amr-{rate}": _amr(mode) for rate, mode in (("4.75", 0), ("5.9", 2), ("7.4", 4), ("12.2", 7))},  # kbit/s
    "g722": Codec("g722", "g722", 16000),  # 64 kbit/s
    **{f"g726-{k}": Codec("g726", "wav", 8000, ("-b:a", f"{k}k")) for k in (16, 24, 32)},
    "g723.1": Codec("g723_1", "g723_1", 8000, ("-b:a", "6.3k")),
    **{f"opus-narrow-{k}": _opus(k, 8000) for k in (6, 8, 12)},
    **{f"opus-wide-{k}": _opus(k, 16000) for k in (10, 16)},
    **{f"mp3-{k}": Codec("libmp3lame", "mp3", 16000, ("-b:a", f"{k}k")) for k in (16, 24, 32)},
    "speex-narrow": Codec("libspeex", "ogg", 8000, ("-cbr_quality", "4")),  # 8 kbit/s
    "speex-wide": Codec("libspeex", "ogg", 16000, ("-cbr_quality", "4")),  # 13 kbit/s
    "adpcm-ima": Codec("adpcm_ima_wav", "wav", 8000),
    "adpcm-ms": Codec("adpcm_ms", "wav", 8000),
}
"""By name; the number is kbit/s."""


def through(codec: str, clips: Sequence[Float32]) -> list[Float32]:
    """The clips (float32[any length], ±1, 16 kHz) coded and decoded: as long as before, aligned within 1 ms.

    Raises UnusableError where this machine has no such codec. Takes about 30 bytes of memory a sample.
    """
    if reason := missing(codec):
        raise UnusableError(reason)
    silence, probe = np.zeros(GUARD, np.float32), _probe()
    parts = [probe, silence]
    for clip in clips:
        parts += [clip, silence]
    coded = _recode(CODECS[codec], np.concatenate(parts))
    at = delay(probe, coded[: probe.size + _LATEST]) + probe.size + GUARD
    decoded = []
    for clip in clips:
        heard = coded[at : at + clip.size]
        decoded.append(np.pad(heard, (0, clip.size - heard.size)))
        at += clip.size + GUARD
    return decoded


def delay(sent: Float32, received: Float32) -> int:
    """How many samples later `sent` lies in `received`, by the peak of their cross-correlation."""
    likeness = correlate(received, sent, method="fft")  # [0] is a lag of 1 - sent.size
    zero = sent.size - 1
    return int(np.argmax(likeness[zero + _EARLIEST : zero + _LATEST + 1])) + _EARLIEST


@cache
def missing(codec: str) -> str:
    """Why `codec` cannot be used on this machine and what to do about it; empty if it can."""
    if codec not in CODECS:
        return f"no codec {codec!r}; there are {', '.join(CODECS)}"
    wanted = CODECS[codec]
    if not which(wanted.program):
        return f"codec {codec}: no {wanted.program} here: {_INSTALL[wanted.program]}"
    if wanted.program == "sox":
        told = _run(["sox", "--help-format", wanted.encoder], b"", fails=True).decode()
        has = "Writes:" in told and "Writes: no" not in told
    else:
        has = wanted.encoder in _encoders()
    return "" if has else f"codec {codec}: {wanted.program} has no {wanted.encoder}: {_INSTALL[wanted.program]}"


def usable() -> list[str]:
    """The names of the codecs that this machine has, in the order of CODECS; say what is `missing`."""
    return [name for name in CODECS if not missing(name)]


@cache
def _encoders() -> frozenset[str]:
    lines = _run(["ffmpeg", "-hide_banner", "-encoders"], b"").decode().splitlines()
    return frozenset(words[1] for line in lines if len(words := line.split()) > 1)


def _recode(codec: Codec, samples: Float32) -> Float32:
    """Encode and decode float32 at 16 kHz: float32 at 16 kHz, late by the codec's delay."""
    narrow = samples if codec.rate == RATE else soxr.resample(samples, RATE, codec.rate)
    raw, rate = to_int16(narrow).astype("<i2").tobytes(), str(codec.rate)
    if codec.program == "sox":
        plain = ["-t", "s16", "-r", rate, "-c", "1"]
        start = ["sox", "-V1", "-D", "-R"]  # no dither, so that equal input gives equal output
        coded = _run([*start, *plain, "-", "-t", codec.container, *codec.options, "-"], raw)
        decoded = _run([*start, "-t", codec.container, "-", *plain, "-"], coded)
    else:
        plain = ["-f", "s16le", "-ar", rate, "-ac", "1"]
        start = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-threads", "1"]
        encoder = ["-c:a", codec.encoder, *codec.options, "-threads", "1", "-f", codec.container]
        coded = _run([*start, *plain, "-i", "-", *encoder, "-"], raw)
        decoded = _run([*start, "-f", codec.container, "-i", "-", *plain, "-"], coded)
    heard = to_float(np.frombuffer(decoded[: len(decoded) // 2 * 2], "<i2"))
    wide = heard if codec.rate == RATE else soxr.resample(heard, codec.rate, RATE)
    return np.clip(wide, -1.0, 1.0).astype(np.float32)


def _run(command: list[str], content: bytes, *, fails: bool = False) -> bytes:
    done = subprocess.run(command, input=content, capture_output=True, timeout=PATIENCE, check=False)
    if done.returncode and not fails:
        raise UnusableError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.decode()[-300:].strip()}")
    return done.stdout


def _probe() -> Float32:
    """1 s that speech codecs code well and that is like itself at one lag only: a voice of uneven periods."""
    rng = np.random.default_rng(1)
    pulses = np.zeros(RATE, np.float32)
    pulses[np.cumsum(rng.integers(RATE // 240, RATE // 90, 90))[:85]] = 1.0
    for hz, width in ((600, 150), (1200, 200), (2400, 300)):
        radius = np.exp(-np.pi * width / RATE)
        pulses = lfilter([1.0], [1.0, -2 * radius * np.cos(2 * np.pi * hz / RATE), radius**2], pulses)
    return (0.5 * pulses / np.max(np.abs(pulses))).astype(np.float32)
