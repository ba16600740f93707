"""Turns as one line of characters: the first label's above, the second's below."""

from collections.abc import Sequence

from stream.messages import TurnMessage

_CELLS = 60
_ABOVE, _BELOW, _NOBODY = "▀", "▄", "·"


def draw_timeline(turns: Sequence[TurnMessage], end: float, labels: tuple[str, str]) -> str:
    """0 to `end` (seconds) in 60 cells, each whoever has most of it; then what the characters mean."""
    marks = dict(zip(labels, (_ABOVE, _BELOW), strict=True))
    width = end / _CELLS
    cells = []
    for cell in range(_CELLS):
        seconds = dict.fromkeys(labels, 0.0)
        for turn in turns:
            seconds[turn.label] += max(min(turn.end, (cell + 1) * width) - max(turn.start, cell * width), 0.0)
        most = max(labels, key=lambda label: seconds[label])
        cells.append(marks[most] if seconds[most] >= width / 2 else _NOBODY)
    return f"0 s {''.join(cells)} {end:.0f} s  ({', '.join(f'{mark} {label}' for label, mark in marks.items())})"
