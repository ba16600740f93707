"""Laws of the client: whatever the PUB socket drops, every message comes once and in order, or is named as lost."""

from collections import defaultdict, deque

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream.client import Heard, Lost, NewEpoch, Unreadable
from stream.client.follow import Follower, Question
from stream.outputs.answers import Answers, FromJournal
from stream.outputs.history import Chunk, History

TOPICS = ("window/a/", "window/b/", "call/a/")


class Journal:
    """A journal that has everything, and answers with two messages at a time, after saying once that it still looks."""

    def __init__(self):
        self.contents = {}  # by epoch and topic
        self.looked = False

    def since(self, epoch, topic, sequence):
        contents = self.contents.get((epoch, topic.decode()))
        if contents is None:
            return Chunk(None, [], sequence, more=False) if any(epoch == e for e, _ in self.contents) else None
        self.looked = not self.looked
        if self.looked:
            return Chunk(None, [], sequence, more=True)
        found = contents[sequence : sequence + 2]
        return Chunk(sequence if found else None, found, sequence + len(found), more=sequence + 2 < len(contents))


class Daemon:
    """History and answers as in a daemon, a clock that is set, and a PUB socket that drops what it is told to."""

    def __init__(self, most_bytes=1 << 20, journal=None):
        self.most_bytes, self.journal, self.now, self.epochs = most_bytes, journal, 0.0, 0
        self.queue = deque()
        self.published = {}  # by epoch and topic: how many
        self.answering = True
        self.start()

    def start(self):
        self.epochs += 1
        self.epoch = f"e{self.epochs}"
        self.history = History(seconds=100.0, most_bytes=self.most_bytes, clock=lambda: self.now)
        self.answers = Answers(self.epoch, self.history, self.journal)

    def publish(self, topic, dropped):
        sequence = self.published.get((self.epoch, topic), 0)
        self.published[self.epoch, topic] = sequence + 1
        content = b'{"epoch":"%s","sequence":%d}' % (self.epoch.encode(), sequence)
        self.history.add(topic.encode(), sequence, content)
        if self.journal:
            self.journal.contents.setdefault((self.epoch, topic), []).append(content)
        if not dropped:
            self.queue.append((topic, content))

    def answer(self, question):
        if not self.answering:
            return None
        answer = self.answers.answer(list(question.frames))
        return self.answers.answer_from_journal(answer) if isinstance(answer, FromJournal) else answer


class Client:
    """A Follower, and what it has yielded."""

    def __init__(self, daemon, since=None):
        self.daemon, self.follower, self.events = daemon, Follower("", since), []

    def take(self, steps):
        answer = None
        try:
            while True:
                step = steps.send(answer)
                answer = self.daemon.answer(step) if isinstance(step, Question) else self.events.append(step)
        except StopIteration:
            return

    def hear(self, count):
        for _ in range(min(count, len(self.daemon.queue))):
            self.take(self.follower.hear(*self.daemon.queue.popleft()))

    def check(self, renewed=False):
        if not self.daemon.queue:
            self.take(self.follower.check(renewed=renewed))

    def sequences(self):
        """By epoch and topic: each sequence yielded, in order, and those lost."""
        told, lost = defaultdict(list), defaultdict(list)
        for event in self.events:
            if isinstance(event, Heard):
                content = msgspec.json.decode(event.content)
                told[content["epoch"], event.topic].append(content["sequence"])
            elif isinstance(event, Lost):
                assert event.count > 0
                numbers = range(event.first, event.last + 1)
                told[event.epoch, event.topic] += numbers
                lost[event.epoch, event.topic] += numbers
        return told, lost


publications = st.tuples(st.just("publish"), st.sampled_from(TOPICS), st.booleans())
happenings = st.one_of(
    publications, publications, publications,
    st.tuples(st.just("hear"), st.integers(1, 8)), st.just(("check",)), st.just(("restart",)),
    st.tuples(st.just("sleep"), st.sampled_from([1.0, 60.0, 101.0])), st.just(("fall silent",)),
)  # fmt: skip


def live_through(daemon, client, story):
    """Let it all happen; then the daemon answers, and the client hears and checks until nothing is new."""
    for word, *rest in story:
        match word:
            case "publish":
                daemon.publish(*rest)
            case "hear":
                client.hear(*rest)
            case "check":
                client.check()
            case "restart":
                daemon.start()
            case "sleep":
                daemon.now += rest[0]
            case "fall silent":
                daemon.answering = not daemon.answering
    daemon.answering = True
    client.hear(len(daemon.queue))
    for _ in range(3):
        client.check(renewed=True)


@settings(max_examples=80)
@given(st.lists(happenings, max_size=60), st.sampled_from([2_000, 1 << 20]), st.integers(0, 2))
def test_every_message_comes_once_and_in_order_or_is_named_as_lost(story, most_bytes, since):
    """For any messages dropped, forgotten or unanswered, and any restarts: all from where the client began."""
    daemon = Daemon(most_bytes)
    client = Client(daemon, since)
    live_through(daemon, client, story)
    told, _ = client.sequences()
    for sequences in told.values():
        assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    for (epoch, topic), count in daemon.published.items():
        if epoch == daemon.epoch and told[epoch, topic]:
            assert told[epoch, topic][-1] == count - 1
    epochs = [event.epoch for event in client.events if isinstance(event, NewEpoch)]
    assert len(set(epochs)) == len(epochs)


@settings(max_examples=80)
@given(st.lists(publications | st.tuples(st.just("hear"), st.integers(1, 8)) | st.just(("check",)), max_size=60))
def test_nothing_is_lost_that_the_daemon_still_has(story):
    """While the daemon answers and has room, every message from number 0 on comes, whatever PUB drops."""
    daemon = Daemon()
    client = Client(daemon, since=0)
    live_through(daemon, client, story)
    told, lost = client.sequences()
    assert not lost
    assert {key: len(sequences) for key, sequences in told.items()} == daemon.published


awake = happenings.filter(lambda happening: happening != ("fall silent",))


@settings(max_examples=80)
@given(st.lists(awake, max_size=60), st.sampled_from([2_000, 1 << 20]))
@example([("publish", "window/a/", False), ("hear", 1), ("publish", "window/a/", True), ("restart",)], 2_000)
@example([("publish", "window/a/", False), ("restart",), ("publish", "window/a/", False)], 2_000)
def test_with_a_journal_nothing_is_lost(story, most_bytes):
    """With a journal: whatever is dropped, forgotten or ended by a restart comes, of every topic once heard."""
    daemon = Daemon(most_bytes, Journal())
    client = Client(daemon, since=0)
    live_through(daemon, client, story)
    told, lost = client.sequences()
    assert not lost
    for key, sequences in told.items():
        assert sequences == list(range(daemon.published[key]))


def test_who_comes_late_gets_the_last_of_each_topic_first():
    """Without `since`: the last message of each topic, then what follows, and nothing that was before."""
    daemon = Daemon()
    for _ in range(3):
        daemon.publish("window/a/", dropped=True)
    daemon.publish("call/a/", dropped=True)
    client = Client(daemon)
    client.check()
    daemon.publish("window/a/", dropped=False)
    client.hear(1)
    told, _ = client.sequences()
    assert told == {("e1", "window/a/"): [2, 3], ("e1", "call/a/"): [0]}


def test_what_is_forgotten_is_lost_exactly():
    """A hole that is older than the history: one Lost record names exactly what is gone; the rest comes."""
    daemon = Daemon()
    client = Client(daemon)
    daemon.publish("window/a/", dropped=False)
    client.hear(1)
    for wait in (0, 0, 101, 0):
        daemon.now += wait
        daemon.publish("window/a/", dropped=True)
    daemon.publish("window/a/", dropped=False)
    client.hear(1)
    assert client.events[1] == Lost(stream="a", topic="window/a/", epoch="e1", first=1, last=2)
    told, lost = client.sequences()
    assert told["e1", "window/a/"] == [0, 1, 2, 3, 4, 5]
    assert lost["e1", "window/a/"] == [1, 2]


def test_the_last_message_of_all_is_missed_but_found():
    """A hole that nothing follows is found by the second look."""
    daemon = Daemon()
    client = Client(daemon)
    daemon.publish("call/a/", dropped=False)
    client.hear(1)
    daemon.publish("call/a/", dropped=True)
    daemon.publish("turn/a/", dropped=True)
    client.check()
    assert client.follower.behind
    client.check()
    assert not client.follower.behind
    told, lost = client.sequences()
    assert told == {("e1", "call/a/"): [0, 1], ("e1", "turn/a/"): [0]}
    assert not lost


def test_a_restart_is_said_and_all_of_the_new_epoch_comes():
    """A daemon that begins anew: NewEpoch, then its messages from number 0 on."""
    daemon = Daemon()
    client = Client(daemon)
    daemon.publish("window/a/", dropped=False)
    client.hear(1)
    daemon.start()
    for dropped in (True, True, False):
        daemon.publish("window/a/", dropped=dropped)
    client.hear(1)
    assert client.events[1] == NewEpoch(epoch="e2", previous="e1")
    told, _ = client.sequences()
    assert told["e2", "window/a/"] == [0, 1, 2]


def test_a_restart_is_said_though_nothing_follows():
    """A daemon that begins anew and publishes nothing that is wanted: found by a check after the connection is new."""
    daemon = Daemon()
    client = Client(daemon)
    client.check()
    client.check()
    daemon.start()
    client.check()
    assert not client.events
    client.check(renewed=True)
    client.check(renewed=True)
    assert client.events == [NewEpoch(epoch="e2", previous="e1")]


def test_what_is_no_message_is_passed_on_as_it_is():
    """Bytes that are no JSON, or lack epoch or sequence, are yielded as unreadable and change nothing."""
    client = Client(Daemon())
    for content in (b"", b"{", b"[]", b'{"epoch":1}', b"\xff"):
        client.take(client.follower.hear("window/a/", content))
    assert client.events == [
        Unreadable(topic="window/a/", content=content) for content in (b"", b"{", b"[]", b'{"epoch":1}', b"\xff")
    ]


@given(st.lists(st.lists(st.binary(max_size=30), max_size=4), max_size=5))
def test_answers_that_are_none_are_survived(answers):
    """Whatever comes in place of an answer: the message that was heard is yielded all the same."""
    client = Client(Daemon())
    client.daemon.answer = lambda question: answers.pop() if answers else None
    client.take(client.follower.hear("window/a/", b'{"epoch":"e","sequence":5}'))
    client.take(client.follower.hear("window/a/", b'{"epoch":"e","sequence":9}'))
    told, _ = client.sequences()
    assert told["e", "window/a/"][-1] == 9
