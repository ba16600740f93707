"""How the daemon is after hours: many streams at real speed, then days of audio as fast as it goes.

A real daemon in a process of its own, callers and subscribers that come and go, and a subscriber that counts. With
each health message (every 5 s) it checks that samples captured = processed + waiting + lapped on every stream, and
notes memory, threads, files, latency, and what the machine did. Prints a report (Markdown) and keeps it in a file,
renewed each minute; SIGINT and SIGTERM end the run with what it has. Status 1 where a promise was broken. At real
speed it takes priority over other programs, where it may: a daemon that hears live must not be the one that waits.

    python -m tools.soak --seconds 3600 --streams 50 --fast-hours 0 --report soak.md
    nice python -m tools.soak --seconds 0 --fast-hours 240 --fast-streams 20 --fast-seconds 900 --report soak-fast.md
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from stream.bench.machine import describe_machine
from tools.soak.callers import come_and_go
from tools.soak.daemon import ROOT, Daemon, feed, running
from tools.soak.report import Part
from tools.soak.subscriber import RATE, Seen, follow

PRIORITY = -10  # of the part at real speed, where we may
_RENEWED = 60.0  # seconds between two reports

_interrupted = threading.Event()


def main() -> int:
    """Run what is asked for; 0 where every promise was kept."""
    options = _options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _interrupted.set())
    parts: list[Part] = []

    def write() -> None:
        report = "\n".join([_heading(), *(part.text() for part in parts)])
        if options.report:
            options.report.write_text(report, "utf-8")

    if options.seconds:
        _run_live(options, parts, write)
    if options.fast_hours and not _interrupted.is_set():
        _run_fast(options, parts, write)
    write()
    print(_heading(), *(part.text() for part in parts), sep="\n")
    broken = [each for part in parts for each, kept in part.promises().items() if not kept]
    print(*(f"broken: {each}" for each in broken), sep="\n", file=sys.stderr)
    return 1 if broken else 0


def _run_live(options: argparse.Namespace, parts: list[Part], write: Callable[[], None]) -> None:
    inputs = [f"load://{options.streams}", "audiosocket://127.0.0.1:0"][: 2 if options.callers else 1]
    title = f"{options.streams} live streams at real speed, and {options.callers} callers at a time"
    with _prioritised(options.priority) as said, running(inputs, options.seconds) as daemon:
        part = Part(title + said, options.seconds, True, Seen())
        over = _limit(options.seconds)
        with _calling(daemon, options.callers, over):
            _follow(daemon, part, parts, over, write)


@contextmanager
def _calling(daemon: Daemon, callers: int, over: Callable[[], bool]) -> Iterator[None]:
    """Meanwhile they come and go."""
    if not callers:
        yield
        return
    address = daemon.await_line(r"listening on audiosocket://(\S+)")
    thread = threading.Thread(target=come_and_go, args=(address, daemon.endpoint, callers, over))
    thread.start()
    yield
    thread.join()


def _run_fast(options: argparse.Namespace, parts: list[Part], write: Callable[[], None]) -> None:
    count, seconds = options.fast_streams, options.fast_seconds
    inputs = ["-", "--stream", "fast", "--channels", "split", "--pcm-channels", str(count)]
    with running(inputs, seconds, stdin=subprocess.PIPE) as daemon:
        part = Part(f"{count} streams as fast as they go", seconds, False, Seen())
        wanted = int(options.fast_hours * 3600.0 * RATE)
        feeder = threading.Thread(target=feed, args=(daemon, count, wanted, _limit(seconds)))
        feeder.start()
        _follow(daemon, part, parts, lambda: False, write)  # the end of its input is its own
        feeder.join()


def _follow(daemon: Daemon, part: Part, parts: list[Part], over: Callable[[], bool], write: Callable[[], None]) -> None:
    """Fill `part` from what `daemon` publishes until its end, and let it be written now and then."""
    parts.append(part)
    daemon.listen()
    print(f"{part.title}: following {daemon.endpoint}, for {part.seconds:g} s at the most", file=sys.stderr, flush=True)
    began = written = time.monotonic()
    for _ in follow(daemon, part.seen, over):
        now = time.monotonic()
        part.took = now - began
        if now - written >= _RENEWED:
            written = now
            write()
    part.interrupted = _interrupted.is_set()
    part.status = daemon.process.poll()


def _limit(seconds: float) -> Callable[[], bool]:
    """Whether so many have passed, or nobody wants to wait any more."""
    until = time.monotonic() + seconds
    return lambda: _interrupted.is_set() or time.monotonic() >= until


@contextmanager
def _prioritised(value: int) -> Iterator[str]:
    """Meanwhile this process, and what it starts, has the nice `value`, if it may. What to say of it."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, value)
    except PermissionError:
        yield f" (nice {before}: only root has more priority)"
        return
    try:
        yield f" (nice {value})"
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3600.0, help="at real speed (3600); 0: not at all")
    parser.add_argument("--streams", type=int, default=50, help="that go on all the time (50)")
    parser.add_argument("--callers", type=int, default=10, help="at once, of 10 s each, that come and go (10)")
    parser.add_argument("--priority", type=int, default=PRIORITY, help=f"nice value at real speed ({PRIORITY})")
    parser.add_argument("--fast-hours", type=float, default=240.0, help="of audio at full speed (240); 0: none")
    parser.add_argument("--fast-streams", type=int, default=20, help="at full speed (20, 32 at most)")
    parser.add_argument("--fast-seconds", type=float, default=900.0, help="how long that may take at the most (900)")
    parser.add_argument("--report", type=Path, help="write the report here, too")
    return parser.parse_args()


def _heading() -> str:
    machine = describe_machine()
    asked = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit or 'unknown'}, {machine['cores']} cores of "
        f"{machine['processor']}, Python {machine['python']}, load {machine['load_average']}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
