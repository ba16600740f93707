"""Where samples come from. A source is opened from its INPUT, then pushes blocks into rings.

`mic…` and `-` have their files; any other word before `://` is a module of this folder with an
`open_source`; everything else is the path of a recording.
"""

import importlib
import importlib.util
import threading
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from models import UnusableError
from stream.ring import Ring


class InputSettings(msgspec.Struct, frozen=True):
    """One input. On the command line these hold for every INPUT; a configuration gives each its own."""

    stream: Annotated[
        Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,64}$")] | None,
        Meta(description="name of the stream; otherwise made from the input's"),
    ] = None
    channels: Annotated[
        str, Meta(pattern="^(mix|split|[0-9]{1,2})$", description="mix, split (a stream each), or one, counted from 0")
    ] = "mix"
    speed: Annotated[Literal["real", "max"], Meta(description="of recordings: as they sound (real), or max")] = "real"
    rate: Annotated[
        int, Meta(ge=8000, le=192_000, description="of raw PCM (standard input, ws://): samples per second (Hz)")
    ] = 16_000
    format: Annotated[
        Literal["u8", "s16le", "s24le", "s32le", "f32le"], Meta(description="of raw PCM: its samples")
    ] = "s16le"
    pcm_channels: Annotated[int, Meta(ge=1, le=32, description="of raw PCM: interleaved channels")] = 1
    ws_token: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="of ws://: what clients must give as token, or in Authorization: Bearer"),
    ] = None
    ws_idle: Annotated[
        float, Meta(ge=1, le=86_400, description="of ws://: seconds for which a connection may send nothing")
    ] = 60.0
    most_legs: Annotated[
        int, Meta(ge=1, le=100_000, description="of rtp://, audiosocket:// and ws://: at once; more are refused")
    ] = 1000
    leg_pause: Annotated[
        float, Meta(ge=0.5, le=3600.0, description="of rtp://: seconds without a packet that end a call's leg")
    ] = 10.0
    leg_wait: Annotated[
        float, Meta(ge=0.0, le=2.0, description="of rtp://: seconds to wait for a packet that others have overtaken")
    ] = 0.1


class Intake(Protocol):
    """Where a source delivers: given by the daemon, which owns rings, threads and names."""

    stopping: threading.Event
    """Set when the source should end."""

    def open(self, stream: str, *, rate: int, live: bool, timed: bool) -> Ring:
        """A new stream's ring. live: never wait, overwrite; timed: audio arrives as it sounds.

        Raises NoMemoryError (stream.memory) where there is none for another stream.
        """

    def refuse(self, source: str, cause: str, count: int = 1, *, why: str = "") -> None:
        """Count, for health, what `source` would not take for a `cause` (of a few); said the first time."""

    def say(self, line: str) -> None:
        """Tell the user something, in one line."""


class Source(Protocol):
    """Something that can be captured, already found to be usable."""

    source: str
    """As INPUT was written, or with the port that was free."""

    def capture(self, intake: Intake) -> None:
        """Open streams, write into their rings and close them, however it ends; return at the end or when stopping.

        Runs in a thread of its own. Raises UnusableError or GenderstreamError.
        """


def open_source(source: str, settings: InputSettings) -> Source:
    """The source that `source` names. Raises UnusableError where it cannot be used."""
    scheme, separator, _ = source.partition("://")
    if source == "mic" or source.startswith("mic:"):
        name = "microphone"
    elif source == "-":
        name = "pipe"
    elif separator:
        name = scheme
        if not _is_source(scheme):
            raise UnusableError(
                f"{source}: no input is called {scheme}://; expected mic, mic:NAME, a file or - "
                f"(ffmpeg -i {source} -f s16le -ar 16000 -ac 1 - | genderstream run - reads nearly anything)"
            )
    else:
        name = "recording"
    opened: Source = importlib.import_module(f"stream.sources.{name}").open_source(source, settings)
    return opened


def begins_anew(source: str) -> bool:
    """Whether the input can be opened again and goes on as it is now: devices and ports, and no file nor pipe."""
    return source == "mic" or source.startswith("mic:") or "://" in source


def _is_source(scheme: str) -> bool:
    module = f"stream.sources.{scheme}"
    known = scheme.isidentifier() and importlib.util.find_spec(module) is not None
    return known and hasattr(importlib.import_module(module), "open_source")
