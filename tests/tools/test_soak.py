"""The soak in its short form: a real daemon, callers, a real subscriber, everything counted."""

import signal
import sys
from pathlib import Path

import pytest

from tools.soak.machine import Spent
from tools.soak.report import Part
from tools.soak.subscriber import Message, Point, Seen, Stream

ROOT = Path(__file__).parents[2]
SOAK = (sys.executable, "-m", "tools.soak")

WINDOW, HEALTH = "genderstream.window/1", "genderstream.health/1"
IDLE, STARVED, FULL = Spent(0.1, 0.0, 0.2, 0.0), Spent(0.2, 0.6, 1.0, 0.0), Spent(0.97, 0.01, 0.6, 0.0)


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_grows(start, tmp_path):
    """For 30 s at real speed and 25 s at full speed every promise is kept, and the report says so."""
    report = tmp_path / "soak.md"
    options = ("--seconds", "30", "--streams", "20", "--fast-hours", "1000", "--fast-seconds", "25", "--report", report)
    finished = start(*SOAK, *options, cwd=ROOT).finish()
    assert finished.status == 0, finished.out + finished.error
    assert finished.out.strip() == report.read_text("utf-8").strip()
    assert finished.out.count("- kept: ") == len([line for line in finished.out.splitlines() if line[:2] == "- "]) == 20


@pytest.mark.slow
def test_who_is_interrupted_tells_what_it_has(start, tmp_path):
    """SIGTERM ends the daemon in order, and the report is about the time until then."""
    report = tmp_path / "soak.md"
    running = start(*SOAK, "--streams", "2", "--callers", "0", "--report", report, cwd=ROOT)
    running.await_line("following")
    finished = running.finish(signal.SIGTERM)
    assert "h, interrupted; " in finished.out
    assert "- kept: it ended with status 0, and had decided all of 2 streams" in finished.out
    assert "### 20 streams as fast as they go" not in finished.out
    assert finished.out.strip() == report.read_text("utf-8").strip()


def stream(**changes):
    told = {"state": "healthy", "sample_rate": 16_000, "captured": 16_000, "processed": 16_000, "waiting": 0,
            "lost": {"lapped": 0}, "skipped": 0, "latency_ms": None}  # fmt: skip
    return Stream(**(told | changes))


def broken(
    windows=((0, 0.0, 0), (1, 0.5, 0), (2, 1.0, 0)), memory=0.0, threads=0, files=0, latency=0.0, status=0,
    silent=False, **changes,
):  # fmt: skip
    """The promises that are broken by windows of these numbers, starts and gaps, by such growth, by such a stream."""
    seen = Seen(silent=silent)
    for sequence, begin, gap in windows:
        seen.take(b"window/a/", Message(WINDOW, sequence, begin, begin + 2.0, 0.5, gap))
    seen.take(b"health/h/", Message(HEALTH, 0, streams={"a": stream(**({"state": "ended"} | changes))}))
    for i in range(40):
        seen.points.append(
            Point(
                5.0 * i,
                200.0 + memory * i,
                9 + threads * (i > 30),
                20 + files * i,
                1 + latency * i,
                2,
                0,
                1,
                0,
                0,
                IDLE,
            )
        )
    part = Part("live", 200.0, True, seen, took=200.0, status=status)
    return [each for each, kept in part.promises().items() if not kept]


def test_whatever_is_wrong_is_told():
    """Holes, repeats, strays, samples that do not add up, losses, growth: each breaks its promise, and only its own."""
    assert broken() == []
    assert broken(((0, 0.0, 0), (2, 0.5, 0))) == ["3 messages (2 windows) came, none was missing"]
    assert broken(((0, 0.0, 0), (1, 0.5, 0), (1, 1.0, 0))) == ["4 messages (3 windows) came, none was missing"]
    strays = ["each window lies a hop after the one before, or after what was lost"]
    assert broken(((0, 0.0, 0), (1, 1.0, 0))) == strays
    assert broken(((0, 0.0, 0), (1, 2.5, 16_000))) == strays
    assert broken(((0, 0.0, 0), (1, 3.0, 16_000))) == []
    assert broken(captured=15_999) == ["samples added up in each of 1 health messages"]
    ended = "it ended with status 0, and had decided all of 1 streams"
    assert broken(processed=15_999, waiting=1) == [ended]
    assert broken(state="healthy") == [ended.replace("1 streams", "0 streams")]
    assert broken(status=1) == [ended.replace("status 0", "status 1")]
    assert broken(lost={"lapped": 0, "device": 800}) == ["0.1 s (device 0.1 s; 5.00%) lost of 0.0 h of audio"]
    assert broken(skipped=3) == ["3 windows skipped for want of time"]
    assert broken(memory=1.0) == ["memory is flat"]
    assert broken(threads=1) == ["threads are flat"]
    assert broken(files=1) == ["open files are flat"]
    assert broken(latency=1.0) == ["latency is flat"]
    assert broken(silent=True) == ["it went on saying something"]


@pytest.mark.parametrize(("spent", "why"), [(STARVED, "starved"), (FULL, "overloaded"), (IDLE, "a fault")])
def test_a_loss_is_explained(spent, why):
    """The report says whether others had the processor, the daemon needs more than one, or it had time to spare."""
    then = [spent if 18 < i < 22 else IDLE for i in range(40)]
    points = [Point(5.0 * i, 200, 9, 20, 1, 2, 0, 1, 1.0 * (i > 20), 0, then[i]) for i in range(40)]
    text = Part("live", 200.0, True, Seen(points=points), took=200.0, status=0).text()
    assert "in 1 of 40 health messages audio was lost or skipped" in text
    assert f": **{why}**" in text
