"""Python's search for garbage in cycles, of which we make none."""

import gc

_COLLECTING = (100_000, 10, 100)
"""When Python looks for cycles. With a thousand streams each look would hold the worker up for 0.1 s."""


def collect_seldom() -> None:
    """To be called first: while all is being loaded, Python would look a hundred times and find nothing."""
    gc.set_threshold(*_COLLECTING)


def spare_collections() -> None:
    """To be called once all is loaded: no collection looks at that again, and few at what follows."""
    gc.freeze()
    collect_seldom()
