"""`genderstream subscribe`: what the daemon publishes, one JSON object a line."""

import sys
from typing import Annotated, Any

import click
import msgspec
import zmq
from msgspec import Meta
from zmq.utils.monitor import recv_monitor_message

from stream.outputs.endpoint import check_endpoint, unusable
from stream.settings import Configuration, options


class SubscribeSettings(msgspec.Struct, frozen=True):
    """What to subscribe to."""

    connect: Annotated[str, Meta(description="ZeroMQ endpoint of the daemon's publications")] = "tcp://127.0.0.1:5560"
    topic: Annotated[str, Meta(description="prefix of the topics wanted, as window/mic/; without it all")] = ""
    count: Annotated[int, Meta(ge=0, description="messages to print before ending; 0: without end")] = 0


class Missed:
    """Counts what never came, by the sequence numbers of each topic."""

    def __init__(self) -> None:
        self._next: dict[tuple[bytes, str], int] = {}

    def see(self, topic: bytes, content: bytes) -> int:
        """How many messages of `topic` are missing just before this one."""
        head = msgspec.json.decode(content, type=_Head)
        missing = head.sequence - self._next.get((topic, head.epoch), head.sequence)
        self._next[topic, head.epoch] = head.sequence + 1
        return missing


class _Head(msgspec.Struct):
    epoch: str
    sequence: int


def _subscribe(**given: Any) -> None:
    """Print the daemon's messages, one JSON object a line; say on standard error when some were missed."""
    settings = Configuration([SubscribeSettings], given).room(SubscribeSettings)
    with zmq.Context() as context, context.socket(zmq.SUB) as messages:
        monitor = messages.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        messages.subscribe(settings.topic)
        check_endpoint("--connect", settings.connect)
        try:
            messages.connect(settings.connect)
        except zmq.ZMQError as error:
            raise unusable("--connect", settings.connect, str(error)) from error
        try:
            _print_all(messages, monitor, settings)
        finally:
            messages.disable_monitor()


def _print_all(messages: zmq.Socket[bytes], monitor: zmq.Socket[bytes], settings: SubscribeSettings) -> None:
    poller = zmq.Poller()
    poller.register(messages, zmq.POLLIN)
    poller.register(monitor, zmq.POLLIN)
    missed, printed = Missed(), 0
    _say(f"waiting for {settings.connect}")
    while not settings.count or printed < settings.count:
        ready = dict(poller.poll())
        if monitor in ready:
            connected = recv_monitor_message(monitor)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED
            _say(f"connected to {settings.connect}" if connected else f"waiting for {settings.connect}")
        if messages in ready:
            topic, content = messages.recv_multipart()
            if missing := missed.see(topic, content):
                _say(f"missed {missing} messages of {topic.decode()}")
            sys.stdout.write(content.decode() + "\n")
            sys.stdout.flush()
            printed += 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


command = click.Command("subscribe", callback=_subscribe, params=options(SubscribeSettings), help=_subscribe.__doc__)
