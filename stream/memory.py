"""Memory for what is new, only where enough is left for what runs."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager

from models import GenderstreamError

SPARE_BYTES = 64 << 20
"""What must be left beside each new stream: messages kept for replay, threads' stacks, queues. Never touched."""

OUT_OF_MEMORY = "out of memory: expected more to be free; run fewer streams, or raise the limit"
"""Said at the end, where those that run do not get what they need."""


class NoMemoryError(GenderstreamError):
    """There is no memory for another stream."""


@contextmanager
def sparing_memory() -> Iterator[None]:
    """Make something new meanwhile. Raises NoMemoryError where there is no memory for it and SPARE_BYTES."""
    try:
        _check_spare()
        yield
    except MemoryError as error:
        spare = SPARE_BYTES >> 20
        raise NoMemoryError(
            f"no memory for another stream: expected {spare} MiB to be free; send fewer, or raise the limit"
        ) from error


def _check_spare() -> None:
    try:
        mmap.mmap(-1, SPARE_BYTES).close()  # as address space: costs microseconds
    except OSError as error:
        raise MemoryError from error
