"""`genderstream subscribe`: what the daemon publishes, one JSON object a line."""

import sys
from typing import Annotated, Any

import click
import msgspec
from msgspec import Meta

from stream.client import Client, Heard, Lost, NewEpoch
from stream.settings import Configuration, options


class SubscribeSettings(msgspec.Struct, frozen=True):
    """What to subscribe to."""

    connect: Annotated[str, Meta(description="ZeroMQ endpoint of the daemon's publications")] = "tcp://127.0.0.1:5560"
    ask: Annotated[
        str | None,
        Meta(description="ZeroMQ endpoint of its answers, for what was missed; otherwise the port after --connect's"),
    ] = None
    topic: Annotated[str, Meta(description="prefix of the topics wanted, as window/mic/; without it all")] = ""
    from_: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="number of the message that each topic begins with, if it is kept; otherwise its last one's"),
    ] = None
    count: Annotated[int, Meta(ge=0, description="messages to print before ending; 0: without end")] = 0


def _subscribe(**given: Any) -> None:
    """Print the daemon's messages, one JSON object a line: first the last of each topic, then all as they come.

    What was missed is asked for; what the daemon has no more is said on standard error.
    """
    settings = Configuration([SubscribeSettings], given).room(SubscribeSettings)

    def tell(connected: bool) -> None:
        _say(f"connected to {settings.connect}" if connected else f"waiting for {settings.connect}")

    with Client(
        settings.connect, ask=settings.ask, topic=settings.topic, since=settings.from_, on_connection=tell
    ) as client:
        tell(connected=False)
        printed = 0
        for event in client.events():
            if isinstance(event, Heard):
                sys.stdout.write(event.content.decode() + "\n")
                sys.stdout.flush()
                printed += 1
            elif isinstance(event, Lost):
                _say(f"lost {event.count} messages of {event.topic}, {event.first} to {event.last}")
            elif isinstance(event, NewEpoch):
                _say(f"the daemon was started anew: epoch {event.epoch} after {event.previous}")
            else:
                _say(f"passed over what is no message of a daemon, on {event.topic!r}")
            if settings.count and printed >= settings.count:
                return


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


command = click.Command("subscribe", callback=_subscribe, params=options(SubscribeSettings), help=_subscribe.__doc__)
