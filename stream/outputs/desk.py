"""The desk where questions are answered: one thread reads the ROUTER socket and answers what memory knows, at once.

What only the journal knows is handed to a second thread, which may wait for its disk: snapshots and the last
minutes are answered meanwhile. Whoever asks and does not read has few answers waiting; the rest are dropped.
"""

import threading
import time
from contextlib import suppress

import zmq

from stream.outputs.answers import Answers, FromJournal
from stream.outputs.audience import Audience

_BREATH_SECONDS = 0.0002  # after each answer: however much is asked, the worker has the interpreter most of the time
_WAITING_QUESTIONS = 1000  # for the journal; a client asks one at a time
_PATIENCE = 0.5  # seconds at the end for a disk that does not answer
_Socket = zmq.Socket[bytes]


class Desk:
    """Owns the `router` socket from now on. `close` belongs to the thread that made this."""

    def __init__(self, context: "zmq.Context[_Socket]", router: _Socket, answers: Answers, audience: Audience) -> None:
        """`audience`: whose comings and goings are noted here, as this thread is awake for little else."""
        self._router, self._answers, self._audience = router, answers, audience
        self._stop, stopped = _pair(context, "stop")
        self._archive, archive = _pair(context, "archive")
        self._threads = [
            threading.Thread(target=self._answer_all, args=(stopped,), name="answers", daemon=True),
            threading.Thread(target=self._look_up_all, args=(archive,), name="archive", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Answer nothing any more."""
        self._stop.send(b"")
        for thread in self._threads:
            thread.join(_PATIENCE)

    def _answer_all(self, stopped: _Socket) -> None:
        poller = zmq.Poller()
        for socket in (self._router, self._archive, self._audience.events, stopped):
            poller.register(socket, zmq.POLLIN)
        while True:
            ready = dict(poller.poll())
            if stopped in ready:
                self._archive.send(b"", zmq.DONTWAIT)
                return
            if self._archive in ready:
                self._router.send_multipart(self._archive.recv_multipart(), zmq.DONTWAIT)
            if self._audience.events in ready:
                self._audience.read()
            if self._router in ready:
                self._answer(self._router.recv_multipart())
            time.sleep(_BREATH_SECONDS)

    def _answer(self, frames: list[bytes]) -> None:
        envelope = frames[:2] if frames[1:2] == [b""] else frames[:1]  # REQ sends an empty frame, DEALER none
        answer = self._answers.answer(frames[len(envelope) :])
        if isinstance(answer, FromJournal):
            asked = (answer.topic, b"%d" % answer.sequence, answer.epoch)
            try:
                self._archive.send_multipart([*asked, *envelope], zmq.DONTWAIT)
                return
            except zmq.Again:
                answer = [b"error", b"too much is asked of the journal; ask again"]
        self._router.send_multipart([*envelope, *answer], zmq.DONTWAIT)

    def _look_up_all(self, archive: _Socket) -> None:
        while len(question := archive.recv_multipart()) > 1:
            topic, digits, epoch, *envelope = question
            answer = self._answers.answer_from_journal(FromJournal(topic, int(digits), epoch))
            with suppress(zmq.Again):  # the desk has closed
                archive.send_multipart([*envelope, *answer], zmq.DONTWAIT)


def _pair(context: "zmq.Context[_Socket]", name: str) -> tuple[_Socket, _Socket]:
    """Two ends of a line between threads."""
    ends = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    for end in ends:
        end.set_hwm(_WAITING_QUESTIONS)
    ends[0].bind(f"inproc://{name}")
    ends[1].connect(f"inproc://{name}")
    return ends
