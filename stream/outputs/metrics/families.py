"""Which families of samples there are, from what health, the tallies and the publisher know.

What a stream has is gone with the stream. Sums have all streams, those that ended, too, and never go down; as
streams differ in their rate, sums of audio are in seconds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.metadata import version
from typing import NamedTuple

from stream.messages import HealthMessage, StreamHealth
from stream.outputs.metrics.tally import BOUNDS_MS, Tally, summed
from stream.outputs.metrics.text import Family
from stream.outputs.publisher import Publisher

_BOUNDS = tuple(bound / 1000.0 for bound in BOUNDS_MS)  # seconds
_counter = partial(Family, kind="counter")
_gauge = partial(Family, kind="gauge")


class Ended(NamedTuple):
    """Sums over streams that have ended."""

    streams: int = 0
    sums: Mapping[tuple[str, str], float] = {}  # by name of the family and cause
    windows: Tally = Tally()

    def plus(self, streams: Mapping[str, StreamHealth], tallies: Mapping[str, Tally]) -> "Ended":
        """With these, too."""
        sums = Counter(self.sums)
        for stream in streams.values():
            rate = stream.sample_rate
            sums.update({("captured", ""): stream.captured / rate, ("processed", ""): stream.processed / rate})
            sums.update({("lost", cause): lost / rate for cause, lost in stream.lost.items()})
            sums.update({("overflows", ""): stream.overflows, ("restarts", ""): stream.restarts})
            sums.update({("skipped", ""): stream.skipped})
        return Ended(self.streams + len(streams), sums, summed([self.windows, *tallies.values()]))


def families(
    health: HealthMessage, ended: Ended, tallies: Mapping[str, Tally], publisher: Publisher
) -> Iterator[Family]:
    """All that there is to tell; `health` and `tallies` are of the streams that go on, and stand still."""
    yield _gauge("genderstream_info", about="constant 1: what runs").add(
        1, version=version("genderstream"), daemon=health.daemon, model=health.model, epoch=health.epoch
    )
    yield from _sums(health, ended, ended.plus(health.streams, tallies))
    yield from _surroundings(health, publisher)
    yield from _by_stream(health.streams)
    yield from _windows("genderstream_stream", tallies)


def _sums(health: HealthMessage, ended: Ended, everything: Ended) -> Iterator[Family]:
    states = Counter(stream.state for stream in health.streams.values())
    streams = _gauge("genderstream_streams", about="streams that go on, by liveness state")
    for state, count in states.items():
        streams.add(count, state=state)
    yield streams
    yield _counter("genderstream_ended_streams_total", about="streams that have ended").add(ended.streams)
    sums = everything.sums
    for name, unit, about in (
        ("captured", "_seconds", "audio that reached the rings"),
        ("processed", "_seconds", "captured audio that the worker has dealt with"),
        ("overflows", "", "times that a device said it had lost samples"),
        ("restarts", "", "times that a device was opened anew"),
        ("skipped", "_windows", "windows not decided because of overload"),
    ):
        yield _counter(f"genderstream_{name}{unit}_total", about=about).add(sums.get((name, ""), 0))
    lost = _counter("genderstream_lost_seconds_total", about="audio lost, by cause")
    for (name, cause), value in sums.items():
        if name == "lost":
            lost.add(value, cause=cause)
    yield lost
    yield from _windows("genderstream", {"": everything.windows})


def _surroundings(health: HealthMessage, publisher: Publisher) -> Iterator[Family]:
    """What is no stream's: subscribers, clocks, refusals, the journal."""
    yield _gauge("genderstream_subscribers", about="connections to the publishing socket").add(publisher.subscribers)
    overruns = "times that a subscriber's queue was full, so that messages for it were dropped"
    yield _counter("genderstream_subscriber_overruns_total", about=overruns).add(publisher.overruns)
    yield _gauge("genderstream_replay_bytes", about="memory for replay").add(publisher.kept_bytes)
    late = "how late the worker was at the worst before the last health message"
    yield _gauge("genderstream_late_seconds", about=late).add(health.late_ms / 1000.0)
    clock = health.clock
    yield _counter("genderstream_clock_jumps_total", about="times that the clock was set").add(clock.jumps)
    yield _counter("genderstream_sleeps_total", about="times that the machine slept").add(clock.sleeps)
    yield _counter("genderstream_hold_ups_total", about="times that the daemon was held up").add(clock.hold_ups)
    refused = _counter("genderstream_refused_total", about="what inputs from the network would not take")
    for source, causes in health.refused.items():
        for cause, count in causes.items():
            refused.add(count, input=source, cause=cause)
    yield refused
    yield _gauge("genderstream_failed_inputs", about="that have failed for good").add(len(health.failed))
    if journal := health.journal:
        yield _counter("genderstream_journal_written_messages_total", about="in files").add(journal.written)
        yield _counter("genderstream_journal_lost_messages_total", about="that no file has").add(journal.lost)
        yield _gauge("genderstream_journal_bytes", about="size of all files").add(journal.bytes)


def _by_stream(streams: Mapping[str, StreamHealth]) -> Iterator[Family]:
    state = _gauge("genderstream_stream_state", about="constant 1: the liveness state that the stream is in")
    lost = _counter("genderstream_stream_lost_samples_total", about="samples lost, by cause")
    drift = _gauge("genderstream_stream_drift_ppm", about="millionths by which the device is faster than the clock")
    for name, stream in streams.items():
        state.add(1, stream=name, state=stream.state)
        for cause, count in stream.lost.items():
            lost.add(count, stream=name, cause=cause)
        if stream.drift_ppm is not None:
            drift.add(stream.drift_ppm, stream=name)
    yield from (state, lost, drift)
    for make, field_, name, about in (
        (_gauge, "sample_rate", "sample_rate_hertz", "the source's own, in which its samples are counted"),
        (_counter, "captured", "captured_samples_total", "samples that reached the ring"),
        (_counter, "processed", "processed_samples_total", "captured samples that the worker has dealt with"),
        (_gauge, "waiting", "waiting_samples", "captured samples still in the ring"),
        (_counter, "overflows", "overflows_total", "times that the device said it had lost samples"),
        (_counter, "restarts", "restarts_total", "times that the device was opened anew"),
        (_counter, "skipped", "skipped_windows_total", "windows not decided because of overload"),
        (_gauge, "stride", "stride", "of so many windows one is decided now"),
    ):
        family = make(f"genderstream_stream_{name}", about=about)
        for stream_name, stream in streams.items():
            family.add(getattr(stream, field_), stream=stream_name)
        yield family


def _windows(prefix: str, tallies: Mapping[str, Tally]) -> Iterator[Family]:
    windows = _counter(f"{prefix}_windows_total", about="windows published, by state and label")
    latency = Family(
        f"{prefix}_latency_seconds", "histogram", "from a window's last sample to its publishing; live streams only"
    )
    for name, tally in tallies.items():
        labels = {"stream": name} if name else {}
        for (state, label), count in tally.windows.items():
            windows.add(count, **labels, state=state, label=label)
        latency.add_histogram(_BOUNDS, tally.latencies, tally.latency_ms / 1000.0, **labels)
    yield from (windows, latency)
