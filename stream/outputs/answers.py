"""What the daemon answers: the words of the second socket, without any socket.

Questions are bytes from anywhere. Whatever they are, the answer is a list of frames, and bounded: `replay` gives
one chunk and says where the next begins, so that who asks sets the pace and nothing is kept for anybody.
"""

from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from stream.outputs.history import Chunk, History
from stream.outputs.journal.reader import JournalReader

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


class FromJournal(NamedTuple):
    """A replay that memory alone does not have."""

    topic: bytes
    sequence: int
    epoch: bytes


class Answers:
    """Answers about the running `epoch` from `history`, about what is older from the `journal`, if there is one."""

    def __init__(self, epoch: str, history: History, journal: JournalReader | None = None) -> None:
        self._epoch, self._history, self._journal = epoch, history, journal

    def answer(self, question: list[bytes]) -> list[bytes] | FromJournal:
        """The word again and what it asks for; `error` and the reason where `question` is none.

        Never waits for a disk: where one must be asked, says what for.
        """
        match question:
            case [b"snapshot"] | [b"snapshot", _]:
                pairs = self._history.last(b"".join(question[1:]))
                return [b"snapshot", *(frame for pair in pairs for frame in pair)]
            case [b"sequences"] | [b"sequences", _]:
                following = self._history.sequences(b"".join(question[1:]))
                return [b"sequences", msgspec.json.encode(SequencesHead(self._epoch, following))]
            case [b"replay", topic, digits, *epochs] if len(epochs) <= 1 and _is_sequence(digits):
                return self._replay(FromJournal(topic, int(digits), epochs[0] if epochs else self._epoch.encode()))
        return [b"error", _EXPECTED]

    def answer_from_journal(self, asked: FromJournal) -> list[bytes]:
        """The same for what `answer` said; waits for the disk."""
        try:
            epoch = asked.epoch.decode(errors="replace")
            found = self._journal.since(epoch, asked.topic, asked.sequence) if self._journal else None
        except OSError as error:
            return [b"error", f"the journal cannot be read: {error.strerror}".encode()]
        still_looking = found is not None and found.more and not found.messages
        if asked.epoch == self._epoch.encode() and not still_looking:
            kept = self._history.since(asked.topic, asked.sequence)
            if found is None or (kept.first is not None and (found.first is None or found.first >= kept.first)):
                found = kept
        if found is None:
            return [b"error", f"that epoch is not kept; the running one is {self._epoch}".encode()]
        return _tell(asked, found)

    def _replay(self, asked: FromJournal) -> list[bytes] | FromJournal:
        running = asked.epoch == self._epoch.encode()
        chunk = self._history.since(asked.topic, asked.sequence) if running else None
        if chunk is not None and chunk.first is not None and chunk.first <= asked.sequence:
            return _tell(asked, chunk)
        return asked if self._journal is not None else self.answer_from_journal(asked)


def _tell(asked: FromJournal, chunk: Chunk) -> list[bytes]:
    topic, epoch = asked.topic.decode(errors="replace"), asked.epoch.decode()
    head = ReplayHead(topic, epoch, asked.sequence, chunk.first, chunk.next, chunk.more)
    return [b"replay", msgspec.json.encode(head), *chunk.messages]


def _is_sequence(digits: bytes) -> bool:
    return digits.isdigit() and len(digits) <= _MOST_DIGITS
