"""What a person at the terminal sees: a live line for each stream, and a summary at the end.

On standard error. Where that is no terminal, a line for each change of a stream's label instead.
"""

from collections.abc import Iterator
from itertools import islice

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from models import ModelSpec
from stream.messages import AnyMessage, CallMessage, HealthMessage, WindowMessage
from stream.outputs.lines import Lines, is_for_people, parted
from stream.outputs.summary import StreamSummary, Summary, tell_verdict
from stream.words import UNKNOWN, WARNING

_REFRESHES_PER_SECOND = 10
_MOST_ROWS = 50  # streams with a live line
_COLOURS = ("magenta", "cyan")  # of the first and the second label
_LABEL_WIDTH = 8  # characters, where no label is longer
_QUIET, _LOUD, _CELLS = -60.0, 0.0, 12  # dBFS at the ends of the level meter, and its width


class Terminal:
    """A Sink, and a context that owns the screen's lower lines while the daemon runs. Never makes the worker wait."""

    def __init__(self, spec: ModelSpec) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._screen = self._console.is_terminal and is_for_people()  # asked once: it looks at the environment
        self._labels = spec.labels
        self._width = max(_LABEL_WIDTH, *map(len, spec.labels))
        self._summary = Summary(spec)
        self._printed: dict[str, str] = {}  # where standard error is no terminal: label last printed
        self._troubles: dict[str, str] = {}  # of streams, as last told
        self._skipping = 0  # streams, for overload
        self._lines = Lines()
        self._live = Live(
            console=self._console, get_renderable=self._table, refresh_per_second=_REFRESHES_PER_SECOND,
            redirect_stdout=False, redirect_stderr=False, transient=True,
        )  # fmt: skip

    def __enter__(self) -> "Terminal":
        if self._screen:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        for line in self._summary.lines():
            self.say(line)
        self._lines.close()

    def say(self, line: str) -> None:
        """Print a line, above the live ones."""
        if self._screen:
            self._console.print(parted(line)[1], markup=False)
        else:
            self._lines.put(line)

    def take(self, message: AnyMessage) -> None:
        """Show `message`."""
        self._summary.take(message)
        if isinstance(message, HealthMessage):
            self._tell_states(message)
            self._forget(message.ended)
            self._tell_overload(message)
        if isinstance(message, CallMessage) and not message.final:
            self.say(f"{message.stream}: {tell_verdict(message)}")
        if self._screen or not isinstance(message, WindowMessage):
            return
        if self._printed.get(message.stream) != message.smoothed.label:
            self._printed[message.stream] = message.smoothed.label
            self._lines.put(self._line(self._summary.streams[message.stream]))

    def _tell_states(self, health: HealthMessage) -> None:
        """A line for each stream that got into trouble, or out of it."""
        for name, stream in health.streams.items():
            trouble = f"{stream.state}: {stream.cause}" if stream.cause else ""
            if self._troubles.get(name, "") != trouble:
                self._troubles[name] = trouble
                if trouble or stream.state != "ended":
                    self.say(f"{WARNING if trouble else ''}{name}: {trouble or stream.state}")

    def _forget(self, ended: list[str]) -> None:
        """Tell what came of the streams that have ended, and keep nothing of them."""
        for line in self._summary.forget(ended):
            self.say(line)
        for stream in ended:
            self._printed.pop(stream, None)
            self._troubles.pop(stream, None)

    def _tell_overload(self, health: HealthMessage) -> None:
        """Once when streams begin to skip windows, and once when none does any more."""
        skipping = sum(stream.stride > 1 and stream.state != "ended" for stream in health.streams.values())
        if skipping and not self._skipping:
            told = f"{skipping} of {len(health.streams)} streams skip windows; health messages tell which"
            self.say(f"{WARNING}overload: {told}")
        elif self._skipping and not skipping:
            self.say("overload is over: every window is decided on again")
        self._skipping = skipping

    def _table(self) -> Table:
        table = Table.grid()
        streams = self._summary.streams
        for stream in islice(streams.values(), _MOST_ROWS):
            table.add_row(Text.assemble(*self._pieces(stream), no_wrap=True, overflow="ellipsis"))
        if len(streams) > _MOST_ROWS:
            table.add_row(f"… and {len(streams) - _MOST_ROWS} streams more")
        return table

    def _line(self, stream: StreamSummary) -> str:
        return "".join(text for text, _ in self._pieces(stream))

    def _pieces(self, stream: StreamSummary) -> Iterator[tuple[str, str]]:
        """A stream's line: texts, each with its style."""
        message, turn = stream.last, stream.last.smoothed
        yield f"{message.stream:<10.10} {_clock(message.end)}  ", "dim"
        yield f"{message.state:<7}", "" if message.state == "speech" else "dim"
        yield f" {turn.label:>{self._width}}", f"bold {self._colour(turn.label)}"
        yield f" {turn.probability:4.0%}  " if turn.probability is not None else "    ·  ", ""
        lit = _lit(message.level_dbfs)
        yield "▮" * lit, "green"
        yield "▯" * (_CELLS - lit), "dim"
        yield f" {message.level_dbfs:6.1f} dBFS  ", ""
        for name in (*self._labels, UNKNOWN):
            yield f" {name} {stream.share(name):.0%}", self._colour(name)
        if trouble := self._troubles.get(message.stream):
            yield f"  {trouble}", "bold red"
        if message.lost_samples:
            yield f"  lost {message.lost_samples} samples", "bold red"

    def _colour(self, label: str) -> str:
        return _COLOURS[self._labels.index(label)] if label in self._labels else "yellow"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes:02d}:{rest:02d}"


def _lit(level: float) -> int:
    """Cells of the level meter."""
    return round(_CELLS * min(max((level - _QUIET) / (_LOUD - _QUIET), 0.0), 1.0))
