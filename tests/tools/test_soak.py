"""The soak in its short form: a real daemon, a real subscriber, everything counted."""

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
