"""Laws of settings that change while a stream goes on."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import load_model
from stream.decide import VerdictSettings
from stream.overload import OverloadSettings, Stride
from stream.pipeline import Setup, Tuning
from stream.streams import Streams
from stream.vad import VadSettings
from stream.windows import WindowSettings

RATE = 16_000
BEFORE = Tuning(VadSettings(), VerdictSettings(verdict_error=0.0001), OverloadSettings())


def published(classifier, samples, begun, *, adopted=None, at=0):
    """All messages about `samples` of a stream that begins with one tuning and adopts another at a sample."""
    messages = []
    setup = Setup(load_model(), classifier, WindowSettings(), begun.vad, "epoch", messages.append)
    streams = Streams(replace(setup, verdict=begun.verdict, overload=begun.overload), None, lambda line: None)
    ring = streams.open("stream", rate=RATE, live=False, timed=False)
    ring.write(samples[:at])
    if adopted:
        streams.pipelines["stream"].adopt(adopted)
    ring.write(samples[at:])
    ring.close()
    return [msgspec.to_builtins(message) for message in messages]


@pytest.mark.parametrize(
    "changes",
    [
        {"vad": VadSettings(vad_share=1.0)},
        {"vad": VadSettings(vad_mode=0)},
        {"verdict": VerdictSettings(verdict_error=0.2)},
    ],
    ids=["vad-share", "vad-mode", "verdict-error"],
)
def test_what_is_adopted_holds_from_then_on(classifier, demo_samples, changes):
    """Before the first sample it is as if the stream had begun with it; later, nothing that was before is changed."""
    samples, after = demo_samples[: 12 * RATE], msgspec.structs.replace(BEFORE, **changes)
    plain, other = published(classifier, samples, BEFORE), published(classifier, samples, after)
    assert plain != other
    assert published(classifier, samples, BEFORE, adopted=after) == other
    late = published(classifier, samples, BEFORE, adopted=after, at=samples.size - RATE)
    heard = [message for message in plain if message["schema"] == "genderstream.window/1"][:-2]
    assert [message for message in late if message in heard] == heard


@given(ages=st.lists(st.floats(0.0, 20.0), max_size=60), most=st.integers(0, 20), then=st.integers(0, 20))
def test_no_more_are_skipped_than_was_adopted(ages, most, then):
    """However late the stream is, from now on no more windows are skipped in a row than now is said."""
    stride = Stride(OverloadSettings(most_skipped=most), 0.5)
    for age in ages:
        stride.admits(age)
    stride.adopt(OverloadSettings(most_skipped=then))
    skipped = 0
    for age in ages:
        skipped = 0 if stride.admits(age) else skipped + 1
        assert skipped <= then
        assert 1 <= stride.stride <= then + 1
