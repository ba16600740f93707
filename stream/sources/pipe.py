"""Raw PCM on standard input: whatever ffmpeg, sox or arecord can send, losing nothing however fast it comes."""

import os
import select
import sys
from contextlib import suppress

from models import UnusableError
from stream.ring import RingAbandoned
from stream.sources import InputSettings, Intake
from stream.sources.channels import ChannelWriter
from stream.sources.pcm import Pcm

_MOST = 1 << 16  # bytes a read
_LOOK_UP_SECONDS = 0.25  # how often a silent pipe is left to see whether to stop


def open_source(source: str, settings: InputSettings) -> "Pipe":
    """Standard input."""
    return Pipe(settings)


class Pipe:
    """A Source. Reads what is there and waits for room in the ring, so that the sender waits, too."""

    source = "-"

    def __init__(self, settings: InputSettings) -> None:
        self._pcm = Pcm("standard input", settings)
        if sys.stdin is None or sys.stdin.isatty():
            raise UnusableError("standard input is a terminal: pipe raw PCM into it, as ffmpeg -i … -f s16le … - does")
        self._settings = settings

    def capture(self, intake: Intake) -> None:
        """Push standard input until it ends."""
        settings = self._settings
        writer = ChannelWriter(
            intake, settings.stream or "stdin", settings,
            channels=settings.pcm_channels, rate=settings.rate, live=False, timed=True,
        )  # fmt: skip
        with writer, suppress(RingAbandoned):  # which says that the daemon is ending
            self._push(writer, intake)

    def _push(self, writer: ChannelWriter, intake: Intake) -> None:
        while not intake.stopping.is_set():
            if not select.select([0], [], [], _LOOK_UP_SECONDS)[0]:
                continue
            content = os.read(0, _MOST)
            if not content:
                break
            writer.write(self._pcm.frames(content))
        if self._pcm.leftover:
            intake.say(self._pcm.leftover)
