"""The client with a real daemon: in asyncio, and what it yields as it was published."""

import sys

import pytest
from spoken import TOPIC, await_windows, say, windows

from stream.client import Heard
from stream.messages import HealthMessage

pytestmark = pytest.mark.slow

ASYNC = """
import asyncio, sys
from stream.client import AsyncClient

async def main():
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(tick())
    async with AsyncClient(sys.argv[1], ask=sys.argv[2], topic="window/", since=0) as client:
        async for record in client:
            print(type(record).__name__, record.sequence, ticks > record.sequence // 200, flush=True)
            if record.sequence == int(sys.argv[3]):
                break
    other.cancel()
    loaded = {name.partition(".")[0] for name in sys.modules}
    print(*sorted(loaded & {"numpy", "numba", "ai_edge_litert", "sounddevice"}))

asyncio.run(main())
"""


def test_asyncio_and_light(speak, endpoints, ask, start):
    """The same for asyncio, where other tasks have their turns; and neither NumPy nor Numba is imported for it."""
    running = speak()
    say(running, 62.0)
    await_windows(ask, running, windows(62))
    ended = start(sys.executable, "-c", ASYNC, *endpoints, windows(62) - 1).finish()
    *records, loaded = ended.out.splitlines()
    assert records == [f"WindowMessage {i} True" for i in range(windows(62))]
    assert loaded == ""


def test_events_are_as_published(speak, ask, follow):
    """`events` gives the bytes that were published; typed records are what they hold."""
    running = speak()
    say(running, 3.0)
    await_windows(ask, running, windows(3))
    topic, content = ask(running, b"snapshot", TOPIC.encode())[1:]
    assert next(follow().events()) == Heard(topic.decode(), content)
    assert isinstance(next(iter(follow("health/"))), HealthMessage)
