"""Follow a daemon from Python: typed records, each once and in order; what was missed is asked for by itself.

    from stream.client import Client, Lost, NewEpoch
    from stream.messages import WindowMessage

    with Client(topic="window/") as client:
        for record in client:
            if isinstance(record, WindowMessage):
                print(record.stream, record.end, record.label)

`AsyncClient` is the same for asyncio. Needs pyzmq and msgspec, and nothing of what the daemon needs.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Self

import msgspec
import zmq

from stream.client.follow import Follower
from stream.client.link import Link, Wait, asked_beside
from stream.client.records import Event, Heard, Lost, NewEpoch, Record, Unreadable
from stream.messages import decode

__all__ = ["AsyncClient", "Client", "Event", "Heard", "Lost", "NewEpoch", "Record", "Unreadable"]

CONNECT = "tcp://127.0.0.1:5560"
_RECORDS_A_TURN = 100  # of a backlog, before other asyncio tasks have theirs


class _Client:
    """What both have."""

    def __init__(
        self,
        connect: str = CONNECT,
        *,
        ask: str | None = None,
        topic: str = "",
        since: int | None = None,
        on_connection: Callable[[bool], None] = lambda connected: None,
    ) -> None:
        """Listen to a daemon; it need not be there yet.

        connect: where it publishes. ask: where it answers; the port after `connect`'s if None. topic: prefix of the
        topics wanted. since: begin each topic with the message of this sequence; with its last message if None.
        on_connection: is told when the daemon comes (True) and goes (False). Raises UnusableError for no endpoint.
        """
        self._link = Link(connect, ask or asked_beside(connect), Follower(topic, since), topic, on_connection)
        self._steps = self._link.steps()

    def close(self) -> None:
        """Hang up. Nothing can be read any more."""
        self._link.close()


class Client(_Client):
    """Iterates over the daemon's records as they come, without end. Used by one thread."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Record]:
        """Messages (the structs of `stream.messages`), Lost, NewEpoch and Unreadable records."""
        return map(_typed, self.events())

    def events(self) -> Iterator[Event]:
        """The same, with messages as they were published: a Heard has topic and JSON."""
        for step in self._steps:
            if isinstance(step, Wait):
                poller = zmq.Poller()
                for socket, flags in step.sockets:
                    poller.register(socket, flags)
                poller.poll(step.milliseconds)
            else:
                yield step


class AsyncClient(_Client):
    """The same for asyncio: `async with AsyncClient() as client: async for record in client`. Used by one task."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aiter__(self) -> AsyncIterator[Record]:
        """Messages (the structs of `stream.messages`), Lost, NewEpoch and Unreadable records."""
        async for event in self.events():
            yield _typed(event)

    async def events(self) -> AsyncIterator[Event]:
        """The same, with messages as they were published: a Heard has topic and JSON."""
        from zmq.asyncio import Poller  # noqa: PLC0415 - only where asyncio is used

        count = 0
        for step in self._steps:
            if isinstance(step, Wait):
                poller = Poller()
                for socket, flags in step.sockets:
                    poller.register(socket, flags)
                await poller.poll(step.milliseconds)
            else:
                yield step
                count += 1
                if count % _RECORDS_A_TURN == 0:
                    await asyncio.sleep(0)


def _typed(event: Event) -> Record:
    if not isinstance(event, Heard):
        return event
    try:
        return decode(event.content)
    except msgspec.DecodeError:
        return Unreadable(topic=event.topic, content=event.content)
