"""Laws of the audience: who is there is counted, and one who does not read is told and costs the others nothing."""

import zmq

from stream.messages import HealthMessage, decode
from stream.outputs.publisher import Publisher, PublisherSettings

FREE = "tcp://127.0.0.1:*"


def test_a_subscriber_that_never_reads_is_counted_and_the_others_miss_nothing(context, stack):
    """Its full queue is told as an overrun; one who reads has every message; who has gone is no subscriber."""
    publisher = Publisher(PublisherSettings(bind=FREE, ask=FREE, high_water=50), "e")
    stack.callback(publisher.close)
    asleep, awake = context.socket(zmq.SUB), context.socket(zmq.SUB)
    asleep.set_hwm(1)
    asleep.setsockopt(zmq.RCVBUF, 4096)
    asleep.subscribe("health/")
    for socket in (asleep, awake):
        socket.connect(publisher.endpoint)
    awake.subscribe("health/")
    sequence = 0

    def send():
        nonlocal sequence
        publisher.take(message(sequence))
        sequence += 1

    while not awake.poll(1):  # until its subscription has come
        send()
    heard = [decode(awake.recv_multipart()[1]).sequence]
    while not publisher.overruns:
        send()
        while heard[-1] < sequence - 1:
            heard.append(decode(awake.recv_multipart()[1]).sequence)
    assert heard == list(range(heard[0], sequence))
    assert publisher.subscribers == 2
    asleep.close()
    while publisher.subscribers > 1:
        send()
    assert publisher.subscribers == 1


def message(sequence):
    """One that is long enough to fill a queue soon."""
    return HealthMessage(
        epoch="e", sequence=sequence, time=None, model="m", daemon="d", uptime=0.0, late_ms=0.0, streams={},
        refused={"x" * 20_000: {}},
    )  # fmt: skip
