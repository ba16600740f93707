"""What a hop costs, against its length, the number of windows, of streams and of channels: for the plots."""

from collections.abc import Iterator

import numpy as np

from stream.bench.line import Line
from stream.bench.result import Bar, Number, Result, Skipped
from stream.bench.sound import demo
from stream.bench.timing import cpu_us
from stream.records import SAMPLE_RATE
from stream.ring import Ring
from stream.sources import InputSettings
from stream.sources.channels import ChannelWriter

HOPS = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds
WINDOWS = (100, 200, 400, 800)
STREAMS = (1, 10, 100, 1000)
CHANNELS = (1, 2, 4, 8)

RESULTS = (
    {
        f"cost_us_per_second_hop_{hop:g}": Bar(f"a second of one stream at hop {hop:g} s", "µs", least=True)
        for hop in HOPS
    }
    | {f"cost_ms_{count}_windows": Bar(f"{count} windows one after the other", "ms", least=True) for count in WINDOWS}
    | {
        f"cost_us_hop_{count}_streams": Bar(f"a hop of each of {count} streams in turn", "µs", least=True)
        for count in STREAMS
    }
    | {
        f"cost_us_{count}_channels": Bar(f"0.1 s of {count} channels, split into rings", "µs", least=True)
        for count in CHANNELS
    }
)


def measure(*, quick: bool) -> Iterator[Result]:
    """The demo over and over: speech, pauses and music."""
    rounds = 5 if quick else 100
    for hop in HOPS:
        with Line(hop) as line:
            [cost] = cpu_us(line.stream("hop", demo()).hop, rounds=rounds)
        yield Number(f"cost_us_per_second_hop_{hop:g}", cost / hop)
    with Line() as line:
        stream = line.stream("windows", demo())
        for windows in WINDOWS:
            [cost] = cpu_us(stream.hop, rounds=1 if quick else 5, repeats=windows)
            yield Number(f"cost_ms_{windows}_windows", cost * windows / 1000.0)
    yield from _streams(quick)
    yield from _channels(rounds)


def _streams(quick: bool) -> Iterator[Result]:
    for count in STREAMS:
        if quick and count > 10:
            yield Skipped((f"cost_us_hop_{count}_streams",), "this is --quick")
            continue
        with Line() as line:
            streams = [line.stream(f"stream-{i}", demo()) for i in range(count)]

            def work() -> None:
                for stream in streams:  # noqa: B023 - measured before the next count
                    stream.hop()

            [cost] = cpu_us(work, rounds=1 if quick else max(1000 // count, 5))
        yield Number(f"cost_us_hop_{count}_streams", cost / count)


class _Rings:
    """An Intake that gives rings which nobody reads."""

    def open(self, stream: str, *, rate: int, live: bool, timed: bool) -> Ring:
        return Ring(10 * rate, live=True, wake=lambda: None)


def _channels(rounds: int) -> Iterator[Result]:
    for count in CHANNELS:
        settings = InputSettings(channels="split")
        writer = ChannelWriter(
            _Rings(), "channels", settings, channels=count, rate=SAMPLE_RATE, live=True, timed=True  # type: ignore[arg-type]
        )  # fmt: skip
        frames = np.zeros((SAMPLE_RATE // 10, count), np.int16)
        [cost] = cpu_us(lambda: writer.write(frames), rounds=rounds, repeats=20)  # noqa: B023 - measured at once
        yield Number(f"cost_us_{count}_channels", cost)
