"""`python -m stream.bench MEASUREMENT [--quick]`: one measurement in this process, a JSON object a line."""

import os
import sys

import msgspec

from stream.bench.process import pin, raise_priority
from stream.bench.result import module_of


def main(name: str, *options: str) -> None:
    """Measure, and say each result on standard output as it is there."""
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no result
    pin()
    raise_priority()
    for result in module_of(name).measure(quick="--quick" in options):
        results.write(msgspec.json.encode(result) + b"\n")
        results.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
