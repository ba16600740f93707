"""What the daemon answers: the words of the second socket, without any socket.

Questions are bytes from anywhere. Whatever they are, the answer is a list of frames, and bounded: `replay` gives
one chunk and says where the next begins, so that who asks sets the pace and nothing is kept for anybody.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stream.outputs.history import History

_MOST_DIGITS = 16
_EXPECTED = b"expected: snapshot [PREFIX], sequences [PREFIX], or replay TOPIC SEQUENCE [EPOCH]"


class SequencesHead(msgspec.Struct, frozen=True):
    """What `sequences` answers."""

    epoch: Annotated[str, Meta(description="the running one")]
    next: Annotated[dict[str, int], Meta(description="of each topic, the sequence that its next message will have")]


class ReplayHead(msgspec.Struct, frozen=True, rename={"asked": "from"}):
    """What stands before the messages that `replay` answers."""

    topic: str
    epoch: str
    asked: Annotated[int, Meta(description="sequence that was asked for")]
    first: Annotated[int | None, Meta(description="sequence of the oldest message that is kept; null where none is")]
    next: Annotated[int, Meta(description="sequence from which to ask for what follows")]
    more: Annotated[bool, Meta(description="something follows already")]


class Answers:
    """Answers about the running `epoch`, from `history`."""

    def __init__(self, epoch: str, history: History) -> None:
        self._epoch, self._history = epoch, history

    def answer(self, question: list[bytes]) -> list[bytes]:
        """The word again and what it asks for; `error` and the reason where `question` is none."""
        match question:
            case [b"snapshot"] | [b"snapshot", _]:
                pairs = self._history.last(b"".join(question[1:]))
                return [b"snapshot", *(frame for pair in pairs for frame in pair)]
            case [b"sequences"] | [b"sequences", _]:
                following = self._history.sequences(b"".join(question[1:]))
                return [b"sequences", msgspec.json.encode(SequencesHead(self._epoch, following))]
            case [b"replay", topic, digits, *epochs] if len(epochs) <= 1 and _is_sequence(digits):
                return self._replay(topic, int(digits), epochs[0] if epochs else self._epoch.encode())
        return [b"error", _EXPECTED]

    def _replay(self, topic: bytes, sequence: int, epoch: bytes) -> list[bytes]:
        if epoch != self._epoch.encode():
            return [b"error", f"that epoch is not kept; the running one is {self._epoch}".encode()]
        chunk = self._history.since(topic, sequence)
        name = topic.decode(errors="replace")
        head = ReplayHead(name, self._epoch, sequence, chunk.first, chunk.next, chunk.more)
        return [b"replay", msgspec.json.encode(head), *chunk.messages]


def _is_sequence(digits: bytes) -> bool:
    return digits.isdigit() and len(digits) <= _MOST_DIGITS
