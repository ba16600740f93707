"""A daemon that hears standard input, at Unix sockets, and clients of it."""

import subprocess

import pytest
from spoken import HOP, TOPIC

from stream.client import Client


@pytest.fixture
def endpoints(tmp_path):
    """Where a daemon will be, and the next one: Unix sockets, whose buffers are small."""
    return tuple(f"ipc://{tmp_path}/{name}" for name in ("publish", "ask"))


@pytest.fixture
def speak(daemon, endpoints):
    """speak(*arguments): a daemon that hears standard input as the stream `spoken`, a window every HOP."""

    def speak(*arguments, **options):
        ports = ("--bind", endpoints[0], "--ask", endpoints[1])
        common = ("--name", "here", "--stream", "spoken", "--hop", HOP, *arguments)
        return daemon("-", *common, ports=ports, stdin=subprocess.PIPE, bufsize=0, **options)

    return speak


@pytest.fixture
def follow(stack, endpoints):
    """follow(topic, **options): a Client of the daemon at `endpoints`."""

    def follow(topic=TOPIC, **options):
        return stack.enter_context(Client(endpoints[0], ask=endpoints[1], topic=topic, **options))

    return follow
