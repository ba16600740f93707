"""How the daemon is after hours: many streams at real speed, then days of audio as fast as it goes.

A real daemon in a process of its own, and a real subscriber that counts. With each health message (every 5 s) it
checks that samples captured = processed + waiting + lapped on every stream, and notes memory, threads, files and
latency. What is flat is told by a line fitted through all of that but the beginning. Prints a report (Markdown);
status 1 where a promise was broken.

    python tools/soak.py --seconds 3600 --streams 100 --fast-hours 240 --report soak.md
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import soundfile
import zmq

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "stream" / "demo" / "demo.flac"
FREE = "tcp://127.0.0.1:*"
RATE = 16_000  # Hz
CHANNELS = 8  # streams of the part at full speed

_WARMING = 0.25  # share of the time in which memory may still grow: what is kept for replay fills up
_REPLAY_SHARE = 0.15  # of the time: how long messages are kept, 10 minutes at most
_PATIENCE = 60.0  # seconds without any message: the daemon is taken for dead
_GROWTH = 0.05  # of memory, over the time: flat where it is no more than that
_LATENCY_FACTOR = 1.5  # the line's end above its beginning: other programs have their share of the machine
_QUICK_MS = 10.0  # what is less is no latency worth comparing
_FEWEST = 3  # points that a line can be fitted through with some sense
_MIB = 1024.0  # KiB


class Stream(msgspec.Struct):
    """What is looked at of a stream's health."""

    state: str
    captured: int
    processed: int
    waiting: int
    lost: dict[str, int]
    latency_ms: dict[str, float] | None


class Message(msgspec.Struct):
    """What is looked at of a message; streams in health alone."""

    schema: str
    sequence: int
    streams: dict[str, Stream] = {}


@dataclass
class Seen:
    """What the subscriber saw."""

    messages: int = 0
    windows: int = 0
    holes: int = 0  # messages that never came
    healths: int = 0
    unbalanced: int = 0  # streams in health messages whose samples do not add up
    captured: int = 0  # samples, all streams
    lost: Counter[str] = field(default_factory=Counter)  # samples by cause, all streams
    streams: int = 0
    points: list[tuple[float, ...]] = field(default_factory=list)  # seconds, MiB, threads, files, p50, p99 (ms)

    def take(self, topic: bytes, message: Message, following: dict[bytes, int]) -> None:
        """Count `message`; `following` has the sequence that each topic's next message should have."""
        self.holes += abs(message.sequence - following.get(topic, message.sequence))
        following[topic] = message.sequence + 1
        self.messages += 1
        self.windows += message.schema == "genderstream.window/1"


def main() -> int:
    """Run what is asked for; 0 where every promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600.0, help="at real speed (3600)")
    parser.add_argument("--streams", type=int, default=100, help="at real speed (100)")
    parser.add_argument("--fast-hours", type=float, default=240.0, help="hours of audio at full speed (240)")
    parser.add_argument("--fast-seconds", type=float, default=3600.0, help="how long that may take at the most (3600)")
    parser.add_argument("--report", type=Path, help="write the report here, too")
    options = parser.parse_args()
    parts = []
    if options.seconds:
        parts.append(_at_real_speed(options.streams, options.seconds))
    if options.fast_hours:
        parts.append(_at_full_speed(options.fast_hours, options.fast_seconds))
    report = "\n".join(text for text, _ in parts)
    print(report)
    if options.report:
        options.report.write_text(report, "utf-8")
    broken = [each for _, promises in parts for each, kept in promises.items() if not kept]
    print(*(f"broken: {each}" for each in broken), sep="\n", file=sys.stderr)
    return 1 if broken else 0


def _at_real_speed(streams: int, seconds: float) -> tuple[str, dict[str, bool]]:
    until = time.monotonic() + seconds
    with _daemon([f"load://{streams}"], seconds) as (process, endpoint, metrics):
        seen = _watch(process, endpoint, lambda: time.monotonic() >= until, metrics)
        status = _stopped(process)
    title = f"{streams} live streams at real speed"
    return _report(title, seen, seconds, _promises(seen, status) | _flatness(seen, seconds))


def _at_full_speed(hours: float, most_seconds: float) -> tuple[str, dict[str, bool]]:
    inputs = ["-", "--stream", "fast", "--channels", "split", "--pcm-channels", str(CHANNELS)]
    began, wanted = time.monotonic(), int(hours * 3600.0 * RATE)
    with _daemon(inputs, most_seconds, stdin=subprocess.PIPE) as (process, endpoint, metrics):
        feeder = threading.Thread(target=_feed, args=(process, wanted, began + most_seconds))
        feeder.start()
        seen = _watch(process, endpoint, lambda: process.poll() is not None, metrics)
        feeder.join()
        status = process.wait()
    took = time.monotonic() - began
    title = f"{CHANNELS} streams as fast as they go, {seen.captured / RATE / took:.0f} times real speed"
    return _report(title, seen, took, _promises(seen, status) | _flatness(seen, took, latency=False))


@contextmanager
def _daemon(
    inputs: list[str], seconds: float, stdin: int = subprocess.DEVNULL
) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """A daemon, where it publishes, and the address of its metrics."""
    minutes = min(10.0, _REPLAY_SHARE * seconds / 60.0)
    options = ["--bind", FREE, "--ask", FREE, "--metrics", "0", "--replay-minutes", f"{minutes:.3f}"]
    command = [sys.executable, "-m", "stream", "run", *inputs, *options, "--high-water", "1000000"]
    process = subprocess.Popen(command, stdin=stdin, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stderr
    try:
        endpoint = _said(process, rb"publishing on (\S+),")
        metrics = _said(process, rb"metrics on (\S+)")
        threading.Thread(target=process.stderr.read, daemon=True).start()  # whatever it says from now on
        yield process, endpoint, metrics
    finally:
        process.kill()
        process.wait()


def _said(process: "subprocess.Popen[bytes]", pattern: bytes) -> str:
    assert process.stderr
    for line in process.stderr:
        if found := re.search(pattern, line):
            return found[1].decode()
    raise SystemExit("the daemon did not start")


def _stopped(process: "subprocess.Popen[bytes]") -> int:
    process.send_signal(signal.SIGINT)
    return process.wait()


def _feed(process: "subprocess.Popen[bytes]", wanted: int, until: float) -> None:
    """Write `wanted` samples, of all channels together, as fast as they are taken; each channel begins elsewhere."""
    assert process.stdin
    sound, _ = soundfile.read(DEMO, dtype="int16")
    channels = [np.roll(sound, i * sound.size // CHANNELS) for i in range(CHANNELS)]
    content, written = np.stack(channels, 1).tobytes(), 0
    with suppress(BrokenPipeError), process.stdin as pipe:
        while written < wanted and time.monotonic() < until:
            pipe.write(content)
            written += sound.size * CHANNELS


def _watch(process: "subprocess.Popen[bytes]", endpoint: str, over: Callable[[], bool], metrics: str) -> Seen:
    """Follow the daemon until `over`, or until it says nothing any more."""
    seen, following, began = Seen(), dict[bytes, int](), time.monotonic()
    decoder = msgspec.json.Decoder(Message)
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.set_hwm(0)
        socket.subscribe(b"")
        socket.connect(endpoint)
        latest: dict[str, Stream] = {}
        heard = began
        while not over() and time.monotonic() - heard < _PATIENCE:
            while socket.poll(500):
                topic, content = socket.recv_multipart()
                message = decoder.decode(content)
                heard = time.monotonic()
                seen.take(topic, message, following)
                if message.streams:
                    latest |= message.streams
                    _examine(seen, message, process.pid, heard - began, metrics)
                    if over():
                        break
    seen.streams = len(latest)
    seen.captured = sum(stream.captured for stream in latest.values())
    for stream in latest.values():
        seen.lost.update(stream.lost)
    return seen


def _examine(seen: Seen, health: Message, pid: int, when: float, metrics: str) -> None:
    """Whether all samples are accounted for, and what the daemon takes of the machine."""
    seen.healths += 1
    for stream in health.streams.values():
        seen.unbalanced += stream.captured != stream.processed + stream.waiting + stream.lost["lapped"]
    latencies = [stream.latency_ms for stream in health.streams.values() if stream.latency_ms]
    with suppress(OSError, AttributeError, TypeError):  # it has ended meanwhile
        urllib.request.urlopen(metrics, timeout=5.0).read()
        status = Path(f"/proc/{pid}/status").read_text("ascii")
        memory, threads = (int(re.search(rf"{name}:\s+(\d+)", status)[1]) for name in ("VmRSS", "Threads"))
        files = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - names are all we want
        if latencies:
            p50, p99 = (float(np.median([each[name] for each in latencies])) for name in ("p50", "p99"))
            seen.points.append((when, memory / _MIB, threads, files, p50, p99))


def _promises(seen: Seen, status: int) -> dict[str, bool]:
    lost = sum(seen.lost.values())
    return {
        f"{seen.messages} messages ({seen.windows} windows) came, none was missing": not seen.holes
        and bool(seen.windows),
        f"samples added up in each of {seen.healths} health messages": not seen.unbalanced and bool(seen.healths),
        f"{lost} samples of {seen.captured} lost": not lost,
        f"it ended with status {status}": not status,
    }


def _settled(seen: Seen, seconds: float) -> np.ndarray:
    """The points after the beginning: float[n, 6]."""
    points = np.array(seen.points).reshape(-1, 6)
    return points[points[:, 0] >= _WARMING * seconds]


def _flatness(seen: Seen, seconds: float, *, latency: bool = True) -> dict[str, bool]:
    points = _settled(seen, seconds)
    if len(points) < _FEWEST:
        return {"enough health messages to tell what is flat": False}
    ends = [_line(points[:, 0], points[:, column]) for column in range(1, 6)]
    (memory, memory_end), (begin, end) = ends[0], ends[3]
    promises = {
        "memory is flat": memory_end - memory <= _GROWTH * memory,
        "threads are flat": bool(np.ptp(points[:, 2]) == 0.0),
        "open files are flat": bool(np.ptp(points[:, 3]) <= 1.0 and abs(ends[2][1] - ends[2][0]) < 1.0),
    }
    return promises | ({"latency is flat": end <= max(_LATENCY_FACTOR * begin, _QUICK_MS)} if latency else {})


def _line(when: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """The fitted line's value at the beginning and at the end."""
    slope, base = np.polyfit(when, values, 1)
    return float(base + slope * when[0]), float(base + slope * when[-1])


def _report(title: str, seen: Seen, seconds: float, promises: dict[str, bool]) -> tuple[str, dict[str, bool]]:
    points = _settled(seen, seconds)
    lines = [
        f"### {title[0].upper()}{title[1:]}", "",
        f"{seconds / 3600.0:.2f} h, {seen.captured / RATE / 3600.0:.1f} h of audio on {seen.streams} streams.", "",
        *(f"- {'kept' if kept else '**BROKEN**'}: {each}" for each, kept in promises.items()), "",
        "| after the first quarter | least | mean | most | slope per hour |", "| --- | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    names = ("memory, MiB", "threads", "open files", "latency, median of p50, ms", "latency, median of p99, ms")
    for column, name in enumerate(names[: 5 if "latency is flat" in promises else 3], 1):
        if len(points) < _FEWEST:
            break
        values = points[:, column]
        begin, end = _line(points[:, 0], values)
        slope = (end - begin) / (points[-1, 0] - points[0, 0]) * 3600.0
        lines.append(f"| {name} | {values.min():.1f} | {values.mean():.1f} | {values.max():.1f} | {slope:+.2f} |")
    return "\n".join([*lines, ""]), promises


if __name__ == "__main__":
    sys.exit(main())
