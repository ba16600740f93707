"""Where a client asks, and that it can be read in pieces."""

import asyncio
from itertools import islice

import pytest

from models import UnusableError
from stream.client import AsyncClient, Client
from stream.client.link import asked_beside


@pytest.mark.parametrize(
    ("connect", "ask"),
    [
        ("tcp://127.0.0.1:5560", "tcp://127.0.0.1:5561"),
        ("tcp://studio.example:7000", "tcp://studio.example:7001"),
        ("tcp://[::1]:5560", "tcp://[::1]:5561"),
        ("tcp://127.0.0.1:65535", None),
        ("tcp://127.0.0.1:99999", None),
        ("ipc:///run/genderstream/publish", None),
        ("nonsense", None),
    ],
)
def test_it_asks_at_the_next_port(connect, ask):
    """A daemon's answers are looked for at the port after its publications'; at none where there is none."""
    assert asked_beside(connect) == ask


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("bad", [{"connect": "nonsense"}, {"connect": "tcp://127.0.0.1:99999"}, {"ask": "nonsense"}])
def test_an_endpoint_that_is_none_is_refused(kind, bad):
    """Endpoints that are none are refused at once, in one line."""
    with pytest.raises(UnusableError, match="an endpoint looks like"):
        kind(**bad)


@pytest.mark.slow
def test_reading_can_be_broken_off_and_gone_on_with(tmp_path, daemon, demo):
    """A loop that is left, or a wait that is given up, loses nothing: the next loop goes on where it was."""
    running = daemon(demo, "--speed", "max", "--replay-minutes", "1", "-", stdin=-1)
    with Client(running.endpoint, ask=running.ask, topic="window/demo/", since=0) as client:
        numbers = [record.sequence for _ in range(5) for record in islice(client, 2)]
    assert numbers == list(range(10))

    async def read():
        numbers = []
        async with AsyncClient(running.endpoint, ask=running.ask, topic="window/", since=0) as client:
            while len(numbers) < 57:
                try:
                    async with asyncio.timeout(0.02):
                        async for record in client:
                            numbers.append(record.sequence)
                            if len(numbers) % 5 == 0:
                                break
                except TimeoutError:
                    pass
        return numbers

    assert asyncio.run(read()) == list(range(57))
