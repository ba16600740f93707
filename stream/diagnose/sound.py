"""PortAudio, the input devices, and a second of listening through the daemon's own sources."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import msgspec
import numpy as np

from models import GenderstreamError, UnusableError
from stream.capture.device import find_device, input_devices, portaudio
from stream.diagnose.advice import judge_levels, judge_mix
from stream.diagnose.finding import Finding, fail, note, ok
from stream.diagnose.levels import read_levels
from stream.records import AudioBlock, Gap, Samples
from stream.ring import Ring
from stream.sources import InputSettings, Source, open_source

HEARD_SECONDS = 1.0
SETTLING_SECONDS = 0.2  # thrown away: many devices click or fade in when they are opened
PATIENCE_SECONDS = 10.0  # until the last sample must have come
_LEAVING_SECONDS = 3.0  # until a device must have closed
_SOUND_SYSTEM = "mend ~/.asoundrc and /etc/asound.conf, or start the sound system (arecord -l should list inputs)"


@dataclass(frozen=True, slots=True)
class Heard:
    """The second that one stream of an input delivered."""

    rate: int
    samples: Samples
    lost: int  # samples, inside the device or on the way


def check_portaudio() -> Finding:
    """The PortAudio library is there, and starts: tried in a process of its own, for ALSA's faults can abort it."""
    try:
        trial = subprocess.run(
            [sys.executable, "-c", "import sounddevice"], capture_output=True, timeout=PATIENCE_SECONDS, check=False
        )
        if trial.returncode < 0:
            return fail("PortAudio", f"starting it is ended by signal {-trial.returncode}", _SOUND_SYSTEM)
        return ok("PortAudio", str(portaudio().get_portaudio_version()[1]))
    except subprocess.TimeoutExpired:
        return fail("PortAudio", f"it does not start within {PATIENCE_SECONDS:g} s", _SOUND_SYSTEM)
    except UnusableError as error:
        return fail("PortAudio", str(error))
    except ImportError as error:
        return fail("PortAudio", f"sounddevice cannot be imported ({error})", "pip install sounddevice")


def check_devices() -> Finding:
    """There are inputs. None is no failure: a server may have none. PortAudio must be there."""
    try:
        devices = input_devices()
    except portaudio().PortAudioError as error:
        return fail("input devices", f"PortAudio cannot list them ({error})", "see that the sound system runs")
    if not devices:
        return note(
            "input devices", "none",
            "files, - (standard input) and the demo (genderstream run --demo) work without; for a microphone: plug "
            "one in, join the group audio, or let ALSA reach PulseAudio (sudo apt-get install libasound2-plugins)",
        )  # fmt: skip
    default = find_device("")["index"]
    names = (
        f"{device['index']} {device['name']!r}{' (default)' if device['index'] == default else ''}"
        for device in devices
    )
    return ok("input devices", ", ".join(names))


def check_levels(inputs: Iterable[tuple[str, InputSettings]]) -> Iterator[Finding]:
    """A second of each of `inputs` that is a microphone, and what to do about it."""
    for source, settings in inputs:
        if source.partition(":")[0] != "mic":
            continue
        try:
            yield from judge_input(source, settings)
        except (GenderstreamError, portaudio().PortAudioError) as error:
            yield fail(source, str(error))


def judge_input(source: str, settings: InputSettings) -> Iterator[Finding]:
    """Listen to `source` as the daemon would, but to each channel apart. Raises GenderstreamError."""
    mixed = settings.channels == "mix"
    opened = open_source(source, msgspec.structs.replace(settings, channels="split") if mixed else settings)
    print(f"listening to {source} for {HEARD_SECONDS:g} s: speak now", file=sys.stderr, flush=True)
    heard = listen(opened)
    readings = {str(number): read_levels(each.samples, each.rate) for number, each in enumerate(heard)}
    if lost := sum(each.lost for each in heard):
        yield note(
            f"{source}, loss", f"{lost} samples were lost while listening",
            "the machine is too busy, or the device too far: close other programs, choose another USB port",
        )  # fmt: skip
    if mixed:
        loudest = max(readings.values(), key=lambda reading: reading.rms_dbfs)
        yield from judge_levels(source, loudest)
        yield from judge_mix(source, readings)
    else:
        for number, reading in readings.items():
            yield from judge_levels(source if len(readings) == 1 else f"{source}, channel {number}", reading)


def listen(source: Source) -> list[Heard]:
    """The second that each stream of `source` delivers. Raises GenderstreamError where none comes."""
    listener = _Listener(source)
    thread = threading.Thread(target=listener.capture, name="doctor listens", daemon=True)
    thread.start()
    try:
        listener.await_all()
    finally:
        listener.stopping.set()
        thread.join(_LEAVING_SECONDS)
    return [_heard(ring, rate) for ring, rate in listener.rings]


class _Listener:
    """An Intake that keeps what comes, and remembers how it ended."""

    def __init__(self, source: Source) -> None:
        self.stopping = threading.Event()
        self.rings: list[tuple[Ring, int]] = []
        self._source = source
        self._news: SimpleQueue[GenderstreamError | None] = SimpleQueue()  # None: a ring is full, or all has ended

    def open(self, stream: str, *, rate: int, live: bool, timed: bool) -> Ring:
        """A ring for twice what is wanted; it tells when that has come."""
        ring = Ring(2 * _wanted(rate), live=live, wake=lambda: self._news.put(None))
        ring.await_position(_wanted(rate))
        self.rings.append((ring, rate))
        return ring

    def refuse(self, source: str, cause: str, count: int = 1, *, why: str = "") -> None:
        """Nothing: a microphone refuses nothing."""

    def say(self, line: str) -> None:
        """Nothing: doctor says enough itself."""

    def capture(self) -> None:
        """Let the source push until stopping; for a thread of its own."""
        try:
            self._source.capture(self)
        except GenderstreamError as error:
            self._news.put(error)
        else:
            self._news.put(None)

    def await_all(self) -> None:
        """Sleep until every ring has what is wanted. Raises GenderstreamError where that does not come about."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.rings or any(ring.mark.position < _wanted(rate) for ring, rate in self.rings):
            try:
                news = self._news.get(timeout=max(until - time.monotonic(), 0.0))
            except Empty:
                raise GenderstreamError(
                    f"not enough audio came within {PATIENCE_SECONDS:g} s: another program may hold the device; "
                    "unplug it and plug it in again, or choose another with --device"
                ) from None
            if news is not None:
                raise news


def _wanted(rate: int) -> int:
    return round((SETTLING_SECONDS + HEARD_SECONDS) * rate)


def _heard(ring: Ring, rate: int) -> Heard:
    blocks, lost = [], 0
    while (piece := ring.read(rate)) is not None:
        if isinstance(piece, AudioBlock):
            blocks.append(piece.samples)
        elif isinstance(piece, Gap):
            lost += piece.length
    samples = np.concatenate(blocks)[round(SETTLING_SECONDS * rate) :]
    return Heard(rate, samples[: round(HEARD_SECONDS * rate)], lost)
