"""Why a source has ended before its time, in one line."""

import traceback
from pathlib import Path

from models import GenderstreamError


def tell_failure(error: BaseException) -> str:
    """What a GenderstreamError says; of any other error, which is our fault, what it is and where it came from."""
    if isinstance(error, GenderstreamError):
        return str(error)
    if not isinstance(error, Exception):
        return "broken off"
    said = " ".join(f"{type(error).__name__}: {error}".split())
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{said}{place}, which nobody foresaw: please report it"
