"""The last minutes of the running epoch, in bounded memory, for those who come late or missed something.

One thread adds; any thread may read, without a lock: a reader looks up single messages by their sequence, and
each is there or not. What is forgotten is forgotten in the order in which it came, whatever its topic. Only the
last message of a topic that goes on is never forgotten: it is what the topic says now. A stream's final `call`
ends its topics; once their messages are too old, nothing of them is left.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

CHUNK_MESSAGES = 500  # at most, in one answer
CHUNK_BYTES = 256 * 1024  # the same, but for a single message that is longer

_MESSAGE_BYTES = 300  # at most, beside its content: the object's head, and its entries in a dict, a deque and a tuple
_TOPIC_BYTES = 1000  # of a topic, beside its messages


class Chunk(NamedTuple):
    """Some messages of a topic."""

    first: int | None  # sequence of the oldest message that is kept; None where none is
    messages: list[bytes]
    next: int  # sequence from which to ask for what follows
    more: bool  # something follows already


@dataclass(slots=True, eq=False)
class _Topic:
    messages: dict[int, bytes] = field(default_factory=dict)  # by sequence
    first: int = 0  # of those kept
    next: int = 0
    ended: bool = False  # nothing follows: its last message may be forgotten, too
    resting: bool = False  # its last message is too old, and kept all the same


class History:
    """Messages of the last `seconds`, in at most `most_bytes` of memory (but for each topic's last message)."""

    def __init__(self, *, seconds: float, most_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._most_bytes, self._clock = seconds, most_bytes, clock
        self._topics: dict[bytes, _Topic] = {}
        self._order: deque[tuple[float, bytes, int]] = deque()  # when, topic, sequence
        self.held_bytes = 0

    def add(self, topic: bytes, sequence: int, content: bytes) -> None:
        """Keep a message; forget what is too old or too much."""
        now = self._clock()
        known = self._topics.get(topic)
        if known is None:
            known = self._topics[topic] = _Topic(first=sequence)
            self.held_bytes += _TOPIC_BYTES
        elif known.resting:
            self._drop(known, known.first)
        known.resting = known.ended = False
        known.messages[sequence] = content
        known.next = sequence + 1
        self._order.append((now, topic, sequence))
        self.held_bytes += len(content) + _MESSAGE_BYTES
        while self._order and (self.held_bytes > self._most_bytes or self._order[0][0] < now - self._seconds):
            self._forget_oldest()

    def end(self, stream: str) -> None:
        """Say that nothing follows on the topics of `stream`."""
        for kind in ("window", "turn", "call"):
            name = f"{kind}/{stream}/".encode()
            if (topic := self._topics.get(name)) is not None:
                topic.ended = True
                if topic.resting:
                    topic.resting = False
                    self._order.append((self._clock(), name, topic.first))

    def last(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Topic and content of the last message of each topic that begins with `prefix`."""
        found = ((name, topic.messages.get(topic.next - 1)) for name, topic in self._named(prefix))
        return [(name, content) for name, content in found if content is not None]

    def sequences(self, prefix: bytes) -> dict[str, int]:
        """The sequence that comes next, of each topic that begins with `prefix`."""
        return {name.decode(): topic.next for name, topic in self._named(prefix)}

    def since(self, name: bytes, sequence: int) -> Chunk:
        """Messages of the topic from `sequence` on, without a hole: as many as fit into one answer."""
        topic = self._topics.get(name)
        if topic is None:
            return Chunk(None, [], sequence, more=False)
        first, end = topic.first, topic.next
        at, size = max(first, sequence), 0
        while at < end and at not in topic.messages:  # forgotten meanwhile
            at += 1
            first = at
        messages: list[bytes] = []
        while at < end and len(messages) < CHUNK_MESSAGES and (content := topic.messages.get(at)) is not None:
            size += len(content)
            if messages and size > CHUNK_BYTES:
                break
            messages.append(content)
            at += 1
        return Chunk(first, messages, max(at, sequence), more=at < end)

    def _named(self, prefix: bytes) -> list[tuple[bytes, _Topic]]:
        return [(name, topic) for name, topic in list(self._topics.items()) if name.startswith(prefix)]

    def _forget_oldest(self) -> None:
        _, name, sequence = self._order.popleft()
        topic = self._topics[name]
        if sequence == topic.next - 1 and not topic.ended:
            topic.resting = True
            return
        self._drop(topic, sequence)
        if not topic.messages:
            del self._topics[name]
            self.held_bytes -= _TOPIC_BYTES

    def _drop(self, topic: _Topic, sequence: int) -> None:
        self.held_bytes -= len(topic.messages[sequence]) + _MESSAGE_BYTES
        topic.first = sequence + 1
        del topic.messages[sequence]
