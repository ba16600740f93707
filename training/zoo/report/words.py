"""Numbers as a reader wants them."""

from math import isnan

from training.zoo.outcome import Exported, Score
from training.zoo.report.measures import accuracy, wilson

NONE = "–"
_KILO, _MEGA = 1e3, 1e6
_MINUTE, _HOUR = 60, 3600


def is_loud(note: str) -> bool:
    """Whether a note begins with a word in capitals, and so stands right at the numbers."""
    first = note.split(maxsplit=1)[0].strip(",:;.")
    return len(first) > 1 and first.isalpha() and first.isupper()


def plain(name: str) -> str:
    """A name of code as a reader's."""
    return name.replace("_", " ")


def percent(share: float) -> str:
    """A share in percent."""
    return NONE if isnan(share) else f"{100 * share:.1f}"


def points(share: float) -> str:
    """A difference of shares in points, signed."""
    return NONE if isnan(share) else f"{100 * share:+.1f}".replace("-", "−")


def interval(score: Score | None) -> str:
    """Accuracy in percent with its interval."""
    if score is None:
        return NONE
    low, high = wilson(score)
    return f"{percent(accuracy(score))} ({percent(low)}–{percent(high)})"


def count(number: int) -> str:
    """Thousands set apart by a space that does not break."""
    return f"{number:,}".replace(",", "\u00a0")


def milliseconds(value: float) -> str:
    """Two significant digits, mostly."""
    if not value:
        return "0"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def size(number: float) -> str:
    """Bytes."""
    if number < _MEGA:
        return f"{number / _KILO:.1f} kB" if number < 10 * _KILO else f"{number / _KILO:.0f} kB"
    return f"{number / _MEGA:.1f} MB"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours."""
    if not seconds:
        return NONE
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.1f} h"


def exported(file: Exported) -> str:
    """Size and time of a TFLite file, or why there is none."""
    if file.reason:
        return f"not convertible: {' '.join(file.reason.split())}"
    return f"{size(file.bytes)}, {milliseconds(file.milliseconds)} ms"
