"""Messages that are missed, with real processes: slow, stopped, late and many subscribers, and cables."""

import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec
import pytest
import zmq
from spoken import HOP, TOPIC, await_windows, numbers, say, windows

from stream.client import Client, Lost

pytestmark = pytest.mark.slow


def test_a_subscriber_that_was_stopped_fills_its_hole(speak, endpoints, ask, start, genderstream):
    """SIGSTOPped while more is published than sockets hold: the missing messages are asked for, and come in order.

    One that has nobody to ask loses them, and says exactly which.
    """
    running = speak("--high-water", "5")
    common = (genderstream, "subscribe", "--connect", endpoints[0], "--topic", TOPIC)
    subscribers = [start(*common, "--ask", endpoint) for endpoint in (endpoints[1], endpoints[1] + ".nobody")]
    for subscriber in subscribers:
        subscriber.await_line("connected to")
    say(running, 2.0)
    heard = [[msgspec.json.decode(each.process.stdout.readline())["sequence"]] for each in subscribers]
    for subscriber in subscribers:
        subscriber.process.send_signal(signal.SIGSTOP)
    say(running, 300.0)
    await_windows(ask, running, windows(302))
    for subscriber in subscribers:
        subscriber.process.send_signal(signal.SIGCONT)
    for subscriber, sequences in zip(subscribers, heard, strict=True):
        while sequences[-1] < windows(302):
            say(running, 0.5)  # one who cannot ask learns of its hole by what follows, once it has room for it
            sequences.append(msgspec.json.decode(subscriber.process.stdout.readline())["sequence"])
    assert heard[0] == list(range(heard[0][-1] + 1))
    missing = sorted(set(range(heard[1][-1])) - set(heard[1]))
    assert missing
    assert heard[1] == sorted(heard[1])
    ended = [subscriber.finish(signal.SIGINT) for subscriber in subscribers]
    assert "lost" not in ended[0].error
    said = [line.split() for line in ended[1].error.splitlines() if line.startswith("lost")]
    lost = [n for line in said for n in range(int(line[5]), int(line[7]) + 1)]
    assert [n for n in lost if n < heard[1][-1]] == missing


def test_who_never_reads_costs_nothing(speak, endpoints, ask, context, follow):
    """One subscribes and never reads, one asks a thousand replays and never reads: all others have every message."""
    running = speak()
    say(running, 302.0)
    await_windows(ask, running, windows(302))
    before = resident_mib(running)
    deaf = context.socket(zmq.SUB)
    deaf.rcvhwm = 1
    deaf.subscribe("")
    deaf.connect(endpoints[0])
    greedy = context.socket(zmq.DEALER)
    greedy.rcvhwm = 1
    greedy.connect(endpoints[1])
    for _ in range(1000):
        greedy.send_multipart([b"replay", TOPIC.encode(), b"0"])
    client = follow(since=0)
    records = iter(client)
    assert numbers(islice(records, windows(302))) == list(range(windows(302)))
    say(running, 300.0)
    assert numbers(islice(records, 3000)) == list(range(windows(302), windows(602)))
    assert resident_mib(running) - before < 64
    assert running.stop().status == 0


def resident_mib(daemon):
    """Memory of the daemon."""
    pages = Path(f"/proc/{daemon.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE") / (1 << 20)


class Cable:
    """Passes TCP connections on to a port of this machine, until it is pulled."""

    def __init__(self, port):
        self._there, self._ends, self.here = port, [], 0
        self.plug()

    def plug(self):
        """Pass on again, from the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.here))
        self.here = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def pull(self):
        """Cut all that passes."""
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _accept(self, listener):
        with suppress(OSError):
            while True:
                ends = listener.accept()[0], socket.create_connection(("127.0.0.1", self._there))
                self._ends += ends
                for one, other in (ends, ends[::-1]):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one, other):
        with suppress(OSError):
            while content := one.recv(1 << 16):
                other.sendall(content)
            other.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("asked", [False, True])
def test_a_cable_that_is_pulled_and_plugged_in_again(asked, daemon, ask, stack):
    """What was published meanwhile is asked for when the connection is back, though nothing follows it."""
    running = daemon("-", "--stream", "spoken", "--hop", HOP, stdin=subprocess.PIPE, bufsize=0)
    cables = [Cable(int(endpoint.rpartition(":")[2])) for endpoint in (running.endpoint, running.ask)]
    for cable in cables:
        stack.callback(cable.pull)
    publish, answer = (f"tcp://127.0.0.1:{cable.here}" for cable in cables)
    client = stack.enter_context(Client(publish, ask=answer if asked else running.ask, topic=TOPIC))
    records = iter(client)
    say(running, 2.0)
    assert next(records).sequence == 0
    for cable in cables:
        cable.pull()
    say(running, 10.0)
    await_windows(ask, running, windows(12))
    for cable in cables:
        cable.plug()
    assert numbers(islice(records, windows(12) - 1)) == list(range(1, windows(12)))


def test_two_hundred_come_and_go(speak, endpoints, ask, context, follow):
    """200 that subscribe and ask, and go at once or without a word: nothing of them is left, nobody misses a thing."""
    running = speak()
    client = follow()
    records = iter(client)
    say(running, 2.0)
    assert next(records).sequence == 0
    descriptors = Path(f"/proc/{running.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    for i in range(200):
        with context.socket(zmq.SUB) as subscriber, context.socket(zmq.DEALER) as asking:
            subscriber.subscribe("")
            subscriber.connect(endpoints[0])
            asking.connect(endpoints[1])
            asking.send_multipart([b"snapshot"] if i % 2 else [b"replay", TOPIC.encode(), b"0"])
            say(running, HOP)
            if i % 3:
                asking.recv_multipart()
    assert numbers(islice(records, 200)) == list(range(1, 201))
    while len(list(descriptors.iterdir())) > before:
        ask(running, b"snapshot", b"health/")
    assert running.stop().status == 0


def test_subscribe_from_a_number(speak, endpoints, ask, command):
    """`--from` begins each topic there; `--count` messages later it ends."""
    running = speak()
    say(running, 4.0)
    await_windows(ask, running, windows(4))
    common = ("subscribe", "--connect", endpoints[0], "--ask", endpoints[1], "--topic", TOPIC)
    ended = command(*common, "--from", 3, "--count", 5)
    assert [message["sequence"] for message in ended.messages] == [3, 4, 5, 6, 7]
    assert "lost" not in ended.error
    (last,) = command(*common, "--count", 1).messages
    assert last["sequence"] == windows(4) - 1


def test_what_is_too_old_is_said_to_be_lost(speak, ask, follow):
    """With no memory but each topic's last message, a client that wants all is told what there is no more."""
    running = speak("--replay-minutes", "0")
    say(running, 4.0)
    await_windows(ask, running, windows(4))
    lost, last = islice(iter(follow(since=0)), 2)
    assert lost == Lost(stream="spoken", topic=TOPIC, epoch=last.epoch, first=0, last=windows(4) - 2)
    assert last.sequence == windows(4) - 1
