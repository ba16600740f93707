"""The soak in its short form: a real daemon, a real subscriber, everything counted."""

import runpy
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "soak.py"


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_grows(start, tmp_path):
    """For 25 s at real speed and 25 s at full speed every promise is kept, and the report says so."""
    report = tmp_path / "soak.md"
    options = ("--seconds", "25", "--streams", "20", "--fast-hours", "1000", "--fast-seconds", "25", "--report", report)
    finished = start(sys.executable, TOOL, *options).finish()
    assert finished.status == 0, finished.out + finished.error
    assert finished.out.strip() == report.read_text("utf-8").strip()
    assert finished.out.count("- kept: ") == len([line for line in finished.out.splitlines() if line[:2] == "- "]) == 15


def test_whatever_is_wrong_is_told():
    """Holes, repeats, samples that do not add up, losses, growth: each breaks its promise, and only its own."""
    soak = runpy.run_path(str(TOOL))
    message, seen_of = soak["Message"], soak["Seen"]

    def broken(sequences=(0, 1, 2), lost=0, unbalanced=0, memory=0.0, threads=0, files=0, latency=0.0, status=0):
        seen, following = seen_of(unbalanced=unbalanced, healths=40), {}
        for sequence in sequences:
            seen.take(b"window/a/", message("genderstream.window/1", sequence), following)
        seen.lost.update({"lapped": lost})
        for i in range(40):
            seen.points.append(
                (5.0 * i, 200.0 + memory * i, 9.0 + threads * (i > 30), 20.0 + files * i, 1 + latency * i, 2)
            )
        promises = soak["_promises"](seen, status) | soak["_flatness"](seen, 200.0)
        return [each for each, kept in promises.items() if not kept]

    assert broken() == []
    assert broken(sequences=(0, 2)) == ["2 messages (2 windows) came, none was missing"]
    assert broken(sequences=(0, 1, 1)) == ["3 messages (3 windows) came, none was missing"]
    assert broken(lost=1) == ["1 samples of 0 lost"]
    assert broken(unbalanced=1) == ["samples added up in each of 40 health messages"]
    assert broken(memory=1.0) == ["memory is flat"]
    assert broken(threads=1) == ["threads are flat"]
    assert broken(files=1) == ["open files are flat"]
    assert broken(latency=1.0) == ["latency is flat"]
    assert broken(status=1) == ["it ended with status 1"]
