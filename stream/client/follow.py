"""Every message once and in order, whatever the socket dropped: pure, without sockets or time.

A Follower is told what the PUB socket brought and yields what its user shall have. Where messages are missing it
yields a Question first, and is sent the daemon's answer, or None where there is none. While it asks, nothing else
is heard: what comes meanwhile waits in the socket's queue, and what does not fit there is a hole like any other.
"""

from collections.abc import Generator
from typing import NamedTuple, TypeVar

import msgspec

from stream.client.records import Event, Heard, Lost, NewEpoch, Unreadable
from stream.outputs.answers import ReplayHead, SequencesHead

_Kind = TypeVar("_Kind")
_MOST_FRUITLESS = 1000  # answers in a row without a message: a journal is gone through a piece at a time

Answer = list[bytes] | None


class Question(NamedTuple):
    """To be asked of the daemon; its answer is sent into the generator that yielded this."""

    frames: tuple[bytes, ...]


Steps = Generator[Event | Question, Answer, None]


class Head(msgspec.Struct, frozen=True):
    """What the order of a message is told by."""

    epoch: str
    sequence: int


class Follower:
    """Follows all topics that begin with `prefix`: from `since` on, or from the last message of each."""

    def __init__(self, prefix: str, since: int | None) -> None:
        self._prefix, self._since = prefix.encode(), since
        self._epoch: str | None = None
        self._next: dict[str, int] = {}  # by topic: sequence of the message to be yielded next
        self._behind: dict[str, int] = {}  # by topic: what `_next` should have become since the last check
        self._begun = False
        self._blind = False  # nobody answered at the beginning: what came before the first message is not known

    @property
    def behind(self) -> bool:
        """The last check found something that had not come yet: check again soon."""
        return bool(self._behind)

    def hear(self, topic: str, content: bytes) -> Steps:
        """The PUB socket brought this."""
        if (head := _read(content, Head)) is None:
            yield Unreadable(topic=topic, content=content)
            return
        if not self._begun:
            yield from self._begin(head.epoch)
        if head.epoch != self._epoch:
            yield from self._change_epoch(head.epoch)
        if self._expected(topic, head.sequence) < head.sequence:
            yield from self._fill(topic, head.sequence)
        yield from self._pass_on(topic, content, head.sequence)

    def check(self, *, renewed: bool) -> Steps:
        """Nothing waits in the PUB socket: ask whether all has come. `renewed`: the connection is another."""
        if not self._begun:
            yield from self._begin(None)
            return
        answer = yield Question((b"sequences", self._prefix))
        head = _read(answer[1], SequencesHead) if answer and len(answer) == 2 else None
        if head is None:
            return
        if head.epoch != self._epoch:
            if self._epoch is not None and not renewed:
                return  # another daemon's, or one that the PUB socket has still to tell of
            yield from self._change_epoch(head.epoch)
        self._next = {topic: at for topic, at in self._next.items() if topic in head.next}  # the others are forgotten
        behind, self._behind = self._behind, {}
        for topic, following in head.next.items():
            if self._expected(topic, following) < min(behind.get(topic, 0), following):  # it was so last time, too
                yield from self._fill(topic, following)
            if self._next[topic] < following:
                self._behind[topic] = following
        self._blind = False

    def _begin(self, heard: str | None) -> Steps:
        """Begin with what each topic says now; not where the epoch `heard` is another, which is to come first."""
        self._begun = True
        answer = yield Question((b"snapshot", self._prefix))
        if not answer or answer[0] != b"snapshot":
            self._blind = True
            return
        for name, content in zip(answer[1::2], answer[2::2], strict=False):
            topic = name.decode(errors="replace")
            if (head := _read(content, Head)) is not None:
                if heard not in (None, head.epoch):
                    self._blind = True
                    return
                self._epoch = head.epoch
                self._next[topic] = head.sequence if self._since is None else self._since
                yield from self._fill(topic, head.sequence)
                yield from self._pass_on(topic, content, head.sequence)

    def _expected(self, topic: str, sequence: int) -> int:
        """Sequence that comes next; of a topic not known yet its first, or `sequence` where that is not known."""
        first = (sequence if self._since is None else min(self._since, sequence)) if self._blind else 0
        return self._next.setdefault(topic, first)

    def _change_epoch(self, epoch: str) -> Steps:
        if self._epoch is not None:
            yield from self._finish_epoch()
            yield NewEpoch(epoch=epoch, previous=self._epoch)
            self._blind = False
        self._epoch = epoch
        self._next.clear()
        self._behind.clear()

    def _finish_epoch(self) -> Steps:
        """Whatever the daemon still knows of the epoch that has ended."""
        for topic in list(self._next):
            if not (yield from self._replay(topic, None)):
                return

    def _fill(self, topic: str, end: int) -> Steps:
        """Yield what is missing before `end`; what there is no more as lost."""
        if self._next[topic] < end:
            yield from self._replay(topic, end)
        if (at := self._next[topic]) < end:
            yield self._lost(topic, at, end)
            self._next[topic] = end

    def _replay(self, topic: str, end: int | None) -> Generator[Event | Question, Answer, bool]:
        """Yield what the daemon has from `_next` up to `end` or further. False where it does not answer that."""
        more, fruitless = True, 0
        while more and fruitless < _MOST_FRUITLESS and (end is None or self._next[topic] < end):
            at = self._next[topic]
            question = (b"replay", topic.encode(), str(at).encode(), (self._epoch or "").encode())
            answer = yield Question(question)
            head = _read(answer[1], ReplayHead) if answer and answer[0] == b"replay" and len(answer) > 1 else None
            if answer is None or head is None or (head.epoch, head.topic) != (self._epoch, topic):
                return False
            for content in answer[2:]:
                if (message := _read(content, Head)) is not None:
                    yield from self._pass_on(topic, content, message.sequence)
            more = head.more
            fruitless = 0 if self._next[topic] > at else fruitless + 1
        return True

    def _pass_on(self, topic: str, content: bytes, sequence: int) -> Steps:
        """Yield a message unless it was; first what is missing before it, as lost."""
        at = self._next[topic]
        if sequence < at:
            return
        if sequence > at:
            yield self._lost(topic, at, sequence)
        self._next[topic] = sequence + 1
        yield Heard(topic, content)

    def _lost(self, topic: str, at: int, end: int) -> Lost:
        stream = topic.strip("/").rpartition("/")[2]
        return Lost(stream=stream, topic=topic, epoch=self._epoch or "", first=at, last=end - 1)


def _read(content: bytes, kind: type[_Kind]) -> _Kind | None:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError:
        return None
