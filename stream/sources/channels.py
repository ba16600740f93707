"""Interleaved channels to the streams that they become: mixed, split, or one of them."""

from contextlib import ExitStack

import numpy as np
import numpy.typing as npt

from models import UnusableError
from stream.names import MOST_CHARACTERS
from stream.records import Condition
from stream.ring import Ring
from stream.sources import InputSettings, Intake
from stream.sources.failure import tell_failure
from stream.words import LossCause

MOST_CHANNELS = 32
MOST_NAME = MOST_CHARACTERS  # of a stream's name
RATES = (8000, 192_000)  # Hz


class ChannelWriter:
    """Opens a source's streams and writes frames to them, without allocating for up to `block` frames."""

    def __init__(
        self, intake: Intake, name: str, settings: InputSettings, *,
        channels: int, rate: int, live: bool, timed: bool, block: int = 192_000,
    ) -> None:  # fmt: skip
        self._picked = _picked(settings.channels, channels)
        names = _split_names(name, channels) if settings.channels == "split" else [name]
        mixed = block if self._picked is None else 0
        self.rings: list[Ring] = []
        with ExitStack() as failed:
            failed.push(self.__exit__)
            for each in names:
                self.rings.append(intake.open(each, rate=rate, live=live, timed=timed))
            self._sum = np.zeros(mixed, np.int32)
            self._mixed = np.zeros(mixed, np.int16)
            failed.pop_all()

    def __enter__(self) -> "ChannelWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        """Nothing follows; an error says that the source failed."""
        self.close(broken=None if error is None else tell_failure(error))

    def write(self, frames: npt.NDArray[np.int16], *, when: float | None = None) -> None:
        """Write int16[n, channels] to the streams; `when` (time.monotonic) they came, if that was not just now."""
        if self._picked is None:
            total, mixed = self._sum[: len(frames)], self._mixed[: len(frames)]
            np.einsum("ij->i", frames, dtype=np.int32, out=total)  # adds the channels, at half the cost of a sum
            np.floor_divide(total, frames.shape[1], out=mixed, casting="unsafe")  # a mean fits where its parts do
            self.rings[0].write(mixed, when=when)
        else:
            for ring, channel in zip(self.rings, self._picked, strict=True):
                ring.write(frames[:, channel], when=when)

    @property
    def room(self) -> int:
        """Frames that can be written now without waiting, where the streams wait."""
        return min(ring.room for ring in self.rings)

    def skip(self, length: int, *, cause: LossCause = "device", estimated: bool = True) -> None:
        """`length` frames were lost; inside the device, unless told otherwise, where the clock says so."""
        for ring in self.rings:
            ring.skip(length, cause=cause, estimated=estimated)

    @property
    def pace(self) -> int:
        """Frames: whoever reads the streams waits for multiples of it, as long as nothing is lost."""
        return self.rings[0].pace

    @property
    def missing(self) -> int:
        """Frames until the one for which somebody waits, or soon will, at least 1."""
        position = self.rings[0].mark.position  # they all hear the same
        return max(min(ring.awaited for ring in self.rings) - position, self.pace - position % self.pace)

    def tell(self, condition: Condition) -> None:
        """How the source is."""
        for ring in self.rings:
            ring.tell(condition)

    def close(self, *, broken: str | None = None) -> None:
        """Nothing follows; `broken`: why the source failed."""
        for ring in self.rings:
            ring.close(broken=broken)


def _picked(choice: str, channels: int) -> list[int] | None:
    """The channel of each stream; None: all of them, mixed."""
    if choice == "mix":
        return None if channels > 1 else [0]
    return list(range(channels)) if choice == "split" else [int(choice)]


def _split_names(name: str, channels: int) -> list[str]:
    suffixes = {1: [""], 2: [".left", ".right"]}.get(channels) or [f".{i}" for i in range(channels)]
    return [name[: MOST_NAME - len(suffix)] + suffix for suffix in suffixes]


def check_format(what: str, *, rate: float, channels: int, choice: str) -> None:
    """Refuse what cannot be audio for us. Raises UnusableError."""
    if not RATES[0] <= rate <= RATES[1]:
        raise UnusableError(f"{what} has {rate:g} samples a second: expected {RATES[0]} to {RATES[1]}; convert it")
    if not 1 <= channels <= MOST_CHANNELS:
        raise UnusableError(f"{what} has {channels} channels: expected 1 to {MOST_CHANNELS}; choose some first")
    if choice.isdigit() and int(choice) >= channels:
        raise UnusableError(f"--channels is {choice}: {what} has {channels}, counted from 0; or use mix or split")
