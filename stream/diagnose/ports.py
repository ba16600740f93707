"""The endpoints: free, held by a daemon of ours, or by somebody else."""

from collections.abc import Iterator

import msgspec
import zmq

from stream.diagnose.finding import Finding, fail, note, ok
from stream.messages import HealthMessage, decode
from stream.outputs.publisher import PublisherSettings

ANSWER_MS = 500  # a daemon on this machine answers within a few


def check_ports(settings: PublisherSettings) -> Iterator[Finding]:
    """`--bind` and `--ask`: whether a daemon already answers, and whether they can be bound."""
    with zmq.Context() as context:
        running = ask_daemon(context, settings.ask)
        if running is not None:
            yield note(
                "daemon", f"{running} answers at {settings.ask}",
                "fine, if you want one; a second one needs its own --bind and --ask",
            )  # fmt: skip
        with context.socket(zmq.PUB) as publish, context.socket(zmq.ROUTER) as answer:
            for option, endpoint, socket in (("bind", settings.bind, publish), ("ask", settings.ask, answer)):
                yield _check_endpoint(option, endpoint, socket, running)


def ask_daemon(context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str) -> str | None:
    """Who answers `snapshot` at `endpoint`, in words; None where no daemon does."""
    with context.socket(zmq.DEALER) as question:
        question.linger = 0
        try:
            question.connect(_reachable(endpoint))
            question.send(b"snapshot", zmq.DONTWAIT)
            if not question.poll(ANSWER_MS):
                return None
            word, *frames = question.recv_multipart(zmq.DONTWAIT)
        except zmq.ZMQError:  # no endpoint; binding it will say what is wrong with it
            return None
    return _describe(frames[1::2]) if word == b"snapshot" else None


def _describe(messages: list[bytes]) -> str:
    for content in messages:
        try:
            message = decode(content)
        except msgspec.DecodeError:
            return "a daemon of another version"
        if isinstance(message, HealthMessage):
            streams = ", ".join(message.streams) or "none yet"
            return f"the daemon {message.daemon} (up {message.uptime:.0f} s, {message.model}, streams: {streams})"
    return "a daemon that has said nothing yet"


def _check_endpoint(option: str, endpoint: str, socket: zmq.Socket[bytes], running: str | None) -> Finding:
    what = f"--{option} {endpoint}"
    if running is not None and endpoint.startswith("ipc://"):
        return note(what, "not tried: binding would take it from the daemon that answers", "see above")
    socket.linger = 0
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        if error.errno != zmq.EADDRINUSE:
            return fail(what, str(error), "an endpoint of this machine looks like tcp://127.0.0.1:5560")
        if running is not None:
            return note(what, "in use, by that daemon it seems", "stop it, or give this one another port")
        return fail(
            what, "in use by another program, or the other endpoint is the same",
            f"find it (ss -ltnp), or choose another port: --{option} tcp://127.0.0.1:PORT",
        )  # fmt: skip
    return ok(what, "free")


def _reachable(endpoint: str) -> str:
    """Where to connect for what is bound at `endpoint`: this machine, where that is all of its addresses."""
    return endpoint.replace("tcp://*:", "tcp://127.0.0.1:").replace("tcp://0.0.0.0:", "tcp://127.0.0.1:")
