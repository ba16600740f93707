"""Where a hop's time goes: each stage of the running pipeline by itself, on one stream that speaks."""

import inspect
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from stream.bench.line import Line
from stream.bench.result import Bar, Number, Result
from stream.bench.sound import speech
from stream.classify import Classifier
from stream.decide import Leg
from stream.envelope import Envelope
from stream.features import LogMel
from stream.outputs.publisher import Publisher
from stream.ring import Ring
from stream.vad import Vad
from stream.windows import Windows

_STAGES: dict[str, tuple[str, dict[type, tuple[str, ...]]]] = {
    "model": ("the model", {Classifier: ("__call__",)}),
    "vad": ("voice activity detector", {Vad: ("hear", "judge")}),
    "turns": ("turns and verdict", {Leg: ("hear",)}),
    "logmel": ("log-mel", {LogMel: ("__call__",)}),
    "samples": ("samples into the ring, out of it, into windows", {Ring: ("write", "read"), Windows: ("cut",)}),
    "message": ("the message, with its level", {Envelope: ("window",)}),
    "publishing": ("encoding, history, handing over to ZeroMQ", {Publisher: ("take",)}),
}
"""What each is, and the methods that do it; none calls one of another stage."""

RESULTS = {f"stage_us_{name}": Bar(meaning, "µs", least=True) for name, (meaning, _) in _STAGES.items()} | {
    "stage_us_loop": Bar("the rest of the loop: liveness, latency, overload", "µs", least=True)
}


def measure(*, quick: bool) -> Iterator[Result]:
    """Medians of many hops. In processor time of the worker; to read that is in the loop's."""
    spent: Counter[str] = Counter()
    for name, (_, parts) in _STAGES.items():
        for kind, methods in parts.items():
            for method in methods:
                _time(kind, method, name, spent)
    hops: list[Counter[str]] = []
    with Line() as line:
        stream = line.stream("stages", speech())
        for _ in range(20 if quick else 2000):
            spent.clear()
            began = time.thread_time_ns()
            stream.hop()
            spent["loop"] = time.thread_time_ns() - began - spent.total()
            hops.append(spent.copy())
    for name in (*_STAGES, "loop"):
        yield Number(f"stage_us_{name}", statistics.median(hop[name] for hop in hops) / 1000.0)


def _time(kind: type, method: str, stage: str, spent: Counter[str]) -> None:
    """From now on, count the nanoseconds that `method` of `kind` takes for `stage`."""
    work = getattr(kind, method)
    following = _timed(next, stage, spent)

    def steps(*arguments: Any) -> Iterator[Any]:
        rest = work(*arguments)
        while (step := following(rest, None)) is not None:
            yield step

    setattr(kind, method, steps if inspect.isgeneratorfunction(work) else _timed(work, stage, spent))


def _timed(work: Callable[..., Any], stage: str, spent: Counter[str]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        began = time.thread_time_ns()
        result = work(*arguments, **named)
        spent[stage] += time.thread_time_ns() - began
        return result

    return call
