"""Who is connected to the PUB socket, and whether they keep up: what ZeroMQ tells, counted."""

import zmq
from zmq.utils.monitor import parse_monitor_message


class Audience:
    """The subscribers of `socket`, a PUB socket that is not bound yet."""

    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self.events: zmq.Socket[bytes] = socket.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        """To be polled; `read` takes what it has."""
        self.overruns = 0
        """Times that a subscriber's queue was full, so that it missed messages until it had room again."""
        self._present: set[int] = set()  # their connections' descriptors
        self._socket = socket
        self._tell_overruns(True)

    @property
    def size(self) -> int:
        """Subscribers that are connected."""
        return len(self._present)

    def read(self) -> None:
        """Somebody has come or gone. In the thread that polls."""
        event = parse_monitor_message(self.events.recv_multipart())
        change = self._present.add if event["event"] == zmq.EVENT_ACCEPTED else self._present.discard
        change(event["value"])

    def send(self, topic: bytes, content: bytes) -> None:
        """Send to all who have room, without waiting. In the thread that the PUB socket belongs to."""
        try:
            self._socket.send(topic, zmq.SNDMORE | zmq.DONTWAIT)
        except zmq.Again:  # once each time that a queue fills up; then ZeroMQ passes it over until it has room again
            self.overruns += 1
            self._tell_overruns(False)
            self._socket.send(topic, zmq.SNDMORE | zmq.DONTWAIT)
            self._socket.send(content, zmq.DONTWAIT)
            self._tell_overruns(True)
        else:
            self._socket.send(content, zmq.DONTWAIT)

    def _tell_overruns(self, tell: bool) -> None:
        self._socket.setsockopt(zmq.XPUB_NODROP, int(tell))
