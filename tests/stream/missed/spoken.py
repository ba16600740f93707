"""What is said to a daemon, and what comes of it: silence on standard input, as the stream `spoken`."""

import threading

import msgspec

RATE = 16_000
HOP = 0.1
TOPIC = "window/spoken/"


def windows(seconds):
    """How many windows of 2 s there are in so much audio, at a hop of HOP."""
    return round((seconds - 2.0) / HOP) + 1


def say(daemon, seconds):
    """Silence: it is decided on fast."""
    daemon.process.stdin.write(bytes(2 * round(seconds * RATE)))


def await_windows(ask, daemon, count):
    """Wait until the daemon has published so many windows."""
    while msgspec.json.decode(ask(daemon, b"sequences")[1])["next"].get(TOPIC, 0) < count:
        threading.Event().wait(0.02)


def numbers(records):
    return [record.sequence for record in records]
