"""Where one voice gives way to another: at the end of a pause, for nobody is relieved in the middle of a word.

Windows tell to a quarter of a second or so when somebody else speaks, and not on which side of it: of two voices in
one window one wins. The voice activity detector's frames tell where words end and begin. So the edge is at the end of
the likeliest pause: the longer it is the rather between two people, not between one's words; the farther the less.
"""

import re

from stream.records import FRAME_SECONDS

LONGER = 0.1
"""Seconds by which a longer pause is e times as likely. Both are measured on simulated calls: see the model's ideas."""

FARTHER = 0.5
"""Seconds, a standard deviation of how far from the windows' edge it may be."""

_PAUSES = re.compile(b"\0+")
_FRAME, _FRAME_SQUARED = FRAME_SECONDS / LONGER, 0.5 * (FRAME_SECONDS / FARTHER) ** 2


def pause_end(at: float, start: float, frames: bytes) -> float:
    """End of the likeliest pause about `at`; `at` itself where none is likelier than no pause.

    start: of the first frame; frames: a byte for each 20 ms, 0 where it is silent, else 1. Times in seconds.
    """
    middle = (at - start) / FRAME_SECONDS
    likeliest, end = 0.0, middle
    for pause in _PAUSES.finditer(frames):
        first, last = pause.span()
        far = max(first - middle, middle - last, 0.0)
        likely = _FRAME * (last - first) - _FRAME_SQUARED * far * far
        if likely > likeliest and last < len(frames):  # else it has not ended: the next word is none of these
            likeliest, end = likely, float(last)
    return start + FRAME_SECONDS * end
