"""Laws of the lines on standard error: whoever reads, or does not, holds nothing up, and what is missing is counted."""

import os
import re
import threading
from pathlib import Path

import pytest

from stream.outputs import lines
from stream.outputs.lines import Lines


@pytest.fixture
def pipe(monkeypatch):
    """The end of a pipe that reads what is said on standard error, and the other one."""
    reading, writing = os.pipe()
    monkeypatch.setattr(lines, "_STANDARD_ERROR", writing)
    monkeypatch.setattr(lines, "_PATIENCE", 60.0)
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "wb") as writer:
        yield reader, writer


def test_a_reader_that_is_asleep_holds_nothing_up(pipe):
    """Lines are put without waiting; what there is no room for is counted, and the others come in order."""
    reader, writer = pipe
    said = Lines()
    for number in range(5000):
        said.put(f"{number} {'x' * 100}")
    heard = []
    waking = threading.Thread(target=lambda: heard.extend(reader.read().decode().splitlines()))
    waking.start()
    said.close()
    writer.close()
    waking.join()
    *heard, last = heard
    numbers = [int(line.partition(" ")[0]) for line in heard]
    assert numbers == sorted(set(numbers))
    left_out = re.fullmatch(r"\((\d+) lines were left out: nobody read standard error\)", last)
    assert len(numbers) + int(left_out[1]) == 5000


def test_a_disk_that_is_full_costs_lines_and_is_told_of_later(pipe, monkeypatch):
    """What standard error does not take is counted; once it takes lines again, that and what follows is there."""
    reader, writer = pipe
    said = Lines()
    with Path("/dev/full").open("wb") as full:
        monkeypatch.setattr(lines, "_STANDARD_ERROR", full.fileno())
        said.put("lost")
        said.put("lost, too")
        while said._unwritten < 2:
            assert said._thread.is_alive()
            threading.Event().wait(0.005)
        monkeypatch.setattr(lines, "_STANDARD_ERROR", writer.fileno())
    said.put("heard")
    said.close()
    writer.close()
    assert reader.read().decode().splitlines() == ["(2 lines were left out: standard error took none)", "heard"]
