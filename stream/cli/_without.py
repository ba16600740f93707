"""What the command does without, though it may be installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(package: str) -> Iterator[None]:
    """Imports meanwhile do not find `package`, unless it has been loaded before."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # Python's way to say so (The import system, 5.3.1)
    try:
        yield
    finally:
        del sys.modules[package]
