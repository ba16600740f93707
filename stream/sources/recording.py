"""Audio files through soundfile, as they sound or as fast as they are decided on."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from models import UnusableError
from stream.resample import to_int16
from stream.ring import RingAbandoned
from stream.sources import InputSettings, Intake
from stream.sources.channels import MOST_NAME, ChannelWriter, check_format

_BLOCK_SECONDS = 0.05  # as it sounds, where it sounds alone
_WAIT_SECONDS = 0.1  # for room in a ring
_BITE = 64_000  # samples of all channels at a time, at full speed: each read costs as much as 30,000 of them


def open_source(source: str, settings: InputSettings) -> "Recording":
    """The recording at the path `source`."""
    kind = SoundingRecording if settings.speed == "real" else Recording
    return kind(Path(source), settings)


def stem_of(path: Path) -> str:
    """The stream name that a file gets: its stem, with `-` for what a name may not have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem)[:MOST_NAME] or "recording"


class Recording:
    """A Source, at full speed. The file is opened and its head checked at once, its samples as they are read."""

    timed = False

    def __init__(self, path: Path, settings: InputSettings) -> None:
        self.source = str(path)
        self._path = path
        self._settings = settings
        with self._open() as file:
            check_format(str(path), rate=file.samplerate, channels=file.channels, choice=settings.channels)
            if file.frames == 0:
                raise UnusableError(f"{path} has no samples: expected audio; is the recording empty?")
            self._stereo = file.channels > 1 and settings.channels == "mix"

    def capture(self, intake: Intake) -> None:
        """Push the file's samples, waiting for room: nothing is lost because it came fast."""
        if intake.stopping.is_set():
            return
        with self._opened(intake) as (file, writer):
            while not intake.stopping.is_set() and len(block := self._read(file, _BITE // file.channels)):
                writer.write(block)

    @contextmanager
    def _opened(self, intake: Intake) -> Iterator[tuple[soundfile.SoundFile, ChannelWriter]]:
        settings = self._settings
        with self._open() as file:
            if self._stereo:
                intake.say(f"{self._path} has {file.channels} channels, mixed to one; --channels split parts them")
            writer = ChannelWriter(
                intake, settings.stream or stem_of(self._path), settings,
                channels=file.channels, rate=file.samplerate, live=False, timed=self.timed,
            )  # fmt: skip
            with writer, suppress(RingAbandoned):  # which says that the daemon is ending
                yield file, writer

    def _read(self, file: soundfile.SoundFile, frames: int) -> npt.NDArray[np.int16]:
        """The next frames: int16[n, channels]; files of 16 bits as they are, which by way of ±1 would be the same."""
        exact = file.subtype == "PCM_16"
        try:
            block = file.read(frames, dtype="int16" if exact else "float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise UnusableError(f"{self._path} cannot be read on: {error.error_string}; is it damaged?") from error
        if exact:
            return np.asarray(block)
        if not np.isfinite(block).all():
            good = int(np.isfinite(block).all(axis=1).argmin())
            if not good:
                raise UnusableError(f"{self._path} has NaN or infinite samples: expected numbers; export it again")
            file.seek(good - len(block), soundfile.SEEK_CUR)  # up to there it is decided on
            block = block[:good]
        return to_int16(block)

    def _open(self) -> soundfile.SoundFile:
        path = self._path
        if path.is_dir():
            raise UnusableError(f"{path} is a folder: expected an audio file; give its files one by one")
        if path.exists() and not path.is_file():  # opening a pipe would wait for its writer
            raise UnusableError(f"{path} is no file but a pipe or device: genderstream run - < {path} reads raw PCM")
        try:
            path.open("rb").close()
            return soundfile.SoundFile(path)
        except OSError as error:
            raise UnusableError(f"cannot read {path}: {error.strerror}") from error
        except soundfile.LibsndfileError as error:
            raise UnusableError(
                f"{path} is no audio file that can be read ({error.error_string}); "
                f"ffmpeg -i {path} -f s16le -ar 16000 -ac 1 - | genderstream run - reads nearly anything"
            ) from error


class SoundingRecording(Recording):
    """A Recording as it sounds: a block is there when its last sample has sounded."""

    timed = True

    def capture(self, intake: Intake) -> None:
        """Push the file's samples in this thread."""
        for due in self.play(intake, _BLOCK_SECONDS):
            intake.stopping.wait(max(due - time.monotonic(), 0.0))

    def play(self, intake: Intake, seconds: float) -> Iterator[float]:
        """Push the file's samples in blocks of `seconds`; gives until when (time.monotonic) to wait before the next.

        Never waits itself. When stopping, it ends at once.
        """
        if intake.stopping.is_set():
            return
        with self._opened(intake) as (file, writer):
            began, played = time.monotonic(), 0
            while len(block := self._read(file, int(file.samplerate * seconds))):
                played += len(block)
                due = began + played / file.samplerate
                yield due
                while writer.room < len(block) and not intake.stopping.is_set():
                    yield time.monotonic() + _WAIT_SECONDS
                if intake.stopping.is_set():
                    return
                writer.write(block, when=due)
