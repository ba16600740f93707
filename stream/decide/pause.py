"""Where one voice gives way to another: at the end of a pause, for nobody is relieved in the middle of a word.

Windows tell to a quarter of a second or so when somebody else speaks, and not on which side of it: of two voices in
one window one wins. The voice activity detector's frames tell where words end and begin.
"""

from stream.records import FRAME_SECONDS

REACH = 0.75
"""Seconds to either side in which a pause is looked for: windows of 2 s have so much around an edge."""

_FRAMES = round(REACH / FRAME_SECONDS)


def pause_end(at: float, start: float, frames: bytes) -> float:
    """End of the longest pause near `at`; `at` itself where no frame near it is silent, or all are.

    start: of the first frame; frames: a byte for each 20 ms, 0 where it is silent, else 1. Times in seconds.
    """
    middle = round((at - start) / FRAME_SECONDS)
    first = max(middle - _FRAMES, 0)
    near = frames[first : max(middle + _FRAMES, 0)]
    longest = max(near.split(b"\1"))  # of zeros alone, more are greater
    if not longest or len(longest) == len(near):
        return at
    return start + FRAME_SECONDS * (first + near.find(longest) + len(longest))
