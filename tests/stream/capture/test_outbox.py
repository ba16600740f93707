"""Laws of the way into the pipe: whole packets, in order, from many threads, however slowly it is read."""

import os
import random
import select
import threading
import time

from stream.capture.outbox import Outbox
from stream.capture.wire import Block, Unpacker


def test_packets_stay_whole_and_in_order():
    """Two threads put faster than the pipe is read, in odd portions: nothing is lost, torn or overtaken."""
    ours, theirs = os.pipe()
    outbox = Outbox(theirs)
    count, size = 300, 9000  # more than a pipe takes whole or not at all

    def put(number):
        for i in range(count):
            outbox.put(Block(float(number), i, False, bytes([i % 251]) * size))

    def flush():
        while True:
            try:
                outbox.flush()
            except OSError:
                return

    threads = [threading.Thread(target=put, args=(number,)) for number in range(2)]
    threads.append(threading.Thread(target=flush, daemon=True))
    for thread in threads:
        thread.start()
    unpacker, received, dice = Unpacker(), [], random.Random(1)
    while len(received) < 2 * count:
        assert select.select([ours], [], [], 30)[0], "something was left behind"
        received += unpacker.push(os.read(ours, dice.randrange(1, 40_000)))
    for number in range(2):
        blocks = [block for block in received if block.when == number]
        assert [block.first for block in blocks] == list(range(count))
        assert all(block.content == bytes([block.first % 251]) * size for block in blocks)
    until = time.monotonic() + 30
    while len(outbox) and time.monotonic() < until:  # a packet is taken out just after it was written
        time.sleep(0.001)
    assert len(outbox) == 0
    os.close(ours)
    outbox_breaks(outbox)


def outbox_breaks(outbox):
    """Where nobody reads any more, whoever writes is told."""
    try:
        outbox.put(Block(0.0, 0, False, b"x"))
    except BrokenPipeError:
        return
    raise AssertionError
