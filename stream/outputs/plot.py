"""A picture of recordings: waveform and turns, windows' probabilities, the VAD, the smoothed label, the verdict.

Only `score --plot` imports this, and this imports matplotlib, which is an extra.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from models import UnusableError
from stream.messages import AnyMessage, CallMessage, HealthMessage, TurnMessage, WindowMessage
from stream.outputs.summary import tell_verdict
from stream.records import FULL_SCALE, SAMPLE_RATE, AudioBlock, Gap

try:
    from matplotlib.figure import Figure
except ImportError as error:
    raise UnusableError("--plot needs matplotlib: pip install 'genderstream[plot]'") from error

_STEP = SAMPLE_RATE // 50  # samples for which the waveform's extremes are drawn: 20 ms
_COLOURS = ("#c2388b", "#1f77b4")  # of the first and the second label
_WIDTH, _HEIGHT = 12.0, 4.0  # inches; the height for each stream


class Waveform:
    """A Listener that keeps the extremes of every 20 ms."""

    def __init__(self) -> None:
        self.lows: list[float] = []  # in parts of full scale, as are the highs
        self.highs: list[float] = []
        self._rest = np.zeros(0, np.int16)

    def hear(self, piece: AudioBlock | Gap) -> None:
        """Go on with `piece`; what was lost is drawn as silence."""
        samples = piece.samples if isinstance(piece, AudioBlock) else np.zeros(piece.length, np.int16)
        samples = np.concatenate([self._rest, samples])
        whole = samples.size // _STEP * _STEP
        steps, self._rest = samples[:whole].reshape(-1, _STEP) / FULL_SCALE, samples[whole:]
        self.lows += steps.min(axis=1, initial=0.0).tolist()
        self.highs += steps.max(axis=1, initial=0.0).tolist()

    def close(self) -> None:
        """Nothing follows."""


@dataclass(slots=True)
class _Stream:
    waveform: Waveform = field(default_factory=Waveform)
    windows: list[WindowMessage] = field(default_factory=list)
    turns: list[TurnMessage] = field(default_factory=list)
    calls: list[CallMessage] = field(default_factory=list)


class Plot:
    """A Sink, and listeners for its streams; `save` draws two rows for each stream."""

    def __init__(self, labels: tuple[str, str]) -> None:
        self._labels = labels
        self._colours = dict(zip(labels, _COLOURS, strict=True))
        self._streams: dict[str, _Stream] = {}

    def listen(self, stream: str) -> Waveform:
        """The listener for a new stream."""
        self._streams[stream] = _Stream()
        return self._streams[stream].waveform

    def take(self, message: AnyMessage) -> None:
        """Keep `message`."""
        if isinstance(message, HealthMessage):
            return
        stream = self._streams[message.stream]
        if isinstance(message, WindowMessage):
            stream.windows.append(message)
        elif isinstance(message, TurnMessage):
            stream.turns.append(message)
        else:
            stream.calls.append(message)

    def save(self, path: Path) -> None:
        """Write the picture. Raises UnusableError where that cannot be done."""
        drawn = {name: stream for name, stream in self._streams.items() if stream.windows}
        if not drawn:
            return
        figure = Figure(figsize=(_WIDTH, _HEIGHT * len(drawn)), layout="constrained")
        axes = figure.subplots(2 * len(drawn), 1, squeeze=False)[:, 0]
        for (name, stream), wave, odds in zip(drawn.items(), axes[::2], axes[1::2], strict=True):
            self._draw_wave(wave, name, stream)
            self._draw_windows(odds, stream)
            odds.sharex(wave)
            wave.set_xlim(0.0, stream.windows[-1].end)
        try:
            figure.savefig(path, dpi=120)
        except OSError as error:
            raise UnusableError(f"cannot write {path}: {error.strerror}") from error

    def _draw_wave(self, axes: Any, name: str, stream: _Stream) -> None:
        seconds = np.arange(len(stream.waveform.lows)) * _STEP / SAMPLE_RATE
        axes.fill_between(seconds, stream.waveform.lows, stream.waveform.highs, color="0.35", linewidth=0)
        for turn in stream.turns:
            axes.axvspan(turn.start, turn.end, color=self._colours[turn.label], alpha=0.25, linewidth=0)
        for i, call in enumerate(call for call in stream.calls if not call.final):
            place = call.end, 0.92 - 0.1 * (i % 4)  # one below the other: they may come close together
            axes.axvline(call.end, color=self._colours.get(call.label, "black"), linestyle="--")
            axes.annotate(f" {tell_verdict(call)}", place, fontsize=8, xycoords=("data", "axes fraction"))
        axes.set_title(f"{name}: {tell_verdict(stream.calls[-1])}" if stream.calls else name, loc="left")
        axes.set_ylabel("waveform")

    def _draw_windows(self, axes: Any, stream: _Stream) -> None:
        first, second = self._labels
        centres = [0.5 * (window.start + window.end) for window in stream.windows]
        axes.step(centres, [window.vad_ratio for window in stream.windows], where="mid", color="0.7", label="VAD")
        for label in (first, second, "unknown"):
            found = [
                (at, window.probability[first])
                for at, window in zip(centres, stream.windows, strict=True)
                if window.probability and window.label == label
            ]
            axes.scatter(*zip(*found, strict=True) if found else ((), ()), s=12,
                         color=self._colours.get(label, "0.5"), label=f"window: {label}")  # fmt: skip
        for at, window in zip((window.end for window in stream.windows), stream.windows, strict=True):
            if (label := window.smoothed.label) in self._colours:
                height = 1.08 if label == first else -0.08
                axes.plot([at - window.hop, at], [height, height], color=self._colours[label], linewidth=4)
        axes.set_ylim(-0.15, 1.15)
        axes.set_ylabel(f"probability of {first}")
        axes.set_xlabel("seconds; bars above and below: the label as it was told live")
        axes.legend(loc="center right", fontsize=8)
