"""Where a voice begins: at the end of a pause, for nobody is relieved in the middle of a word.

Windows tell to a quarter of a second or so when somebody else speaks, and not on which side of it: of two voices in
one window one wins, and what follows silence may be too little yet to tell. Frames of 20 ms tell where words end and
begin. So the edge is at the end of the likeliest pause: the longer it is the rather between two people, not between
one's words; the farther the less.
"""

import re

from stream.records import FRAME_SECONDS

LONGER = 0.1
"""Seconds by which a longer pause is e times as likely. All three are measured on simulated calls: see the model's
ideas."""

FARTHER = 0.5
"""Seconds, a standard deviation of how far from the windows' edge it may be."""

SILENT = 0.2
"""Probability of speech up to which a frame is a pause's."""

_PAUSES = re.compile(b"[\0-%b]+" % re.escape(bytes([int(255 * SILENT)])))
_FRAME, _FRAME_SQUARED = FRAME_SECONDS / LONGER, 0.5 * (FRAME_SECONDS / FARTHER) ** 2


def pause_end(at: float, start: float, frames: bytes) -> float:
    """End of the likeliest pause about `at`; `at` itself where none is likelier than no pause.

    start: of the first frame; frames: the probability of speech in each 20 ms, in 255ths. Times in seconds.
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
