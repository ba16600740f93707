"""Laws of the whole line, on the shipped model and real (synthetic) voices."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import load_model
from stream import pipeline
from stream.capture.device import choose_block
from stream.classify import Classifier
from stream.features import LogMel
from stream.messages import AnyMessage, WindowMessage
from stream.pipeline import Setup
from stream.records import Samples
from stream.streams import Streams
from stream.vad import VadSettings
from stream.windows import WindowSettings

FREE = {"epoch", "time", "latency_ms"}
"""What may differ between two runs on equal input."""


def setup_for(classifier: Classifier, hop: float, take: Any) -> Setup:
    return Setup(load_model(), classifier, WindowSettings(hop=hop), VadSettings(), "epoch", take)


def decided(
    classifier: Classifier, steps: Sequence[Samples | int], *, rate: int = 16000, hop: float = 0.5, live: bool = False
) -> list[dict[str, Any]]:
    """The window messages for blocks of samples and gaps (lengths), but for what may differ."""
    rows = published(classifier, steps, rate=rate, hop=hop, live=live)
    return [row for row in rows if row["schema"] == "genderstream.window/1"]


def published(
    classifier: Classifier, steps: Sequence[Samples | int], *, rate: int = 16000, hop: float = 0.5, live: bool = False
) -> list[dict[str, Any]]:
    """All messages for blocks of samples and gaps (lengths), but for what may differ."""
    messages: list[AnyMessage] = []
    streams = Streams(setup_for(classifier, hop, messages.append), None, lambda line: None)
    ring = streams.open("stream", rate=rate, live=live, timed=False)
    pipeline = streams.pipelines["stream"]
    for step in steps:
        if isinstance(step, int):
            ring.skip(step, cause="device", estimated=True)
        else:
            ring.write(step)
    ring.close()
    assert not streams.pipelines
    health = pipeline.health()
    assert health.captured == health.processed + health.waiting + health.lost["lapped"]
    assert health.waiting == 0
    return [{k: v for k, v in msgspec.to_builtins(message).items() if k not in FREE} for message in messages]


def split(samples: Samples, cuts: list[int]) -> list[Samples]:
    return [part for part in np.split(samples, sorted({cut % samples.size for cut in cuts})) if part.size]


@settings(max_examples=12)
@given(hop=st.sampled_from([0.1, 0.2, 0.25, 0.5, 0.8, 1.0, 2.0]))
def test_a_window_ends_where_a_microphones_block_does(classifier: Classifier, woman: Samples, hop: float) -> None:
    """Blocks of the length that a microphone is given: each window is decided on when nothing later has come."""
    later: list[int] = []  # samples that had come after the window's last, when it was decided on

    def take(message: AnyMessage) -> None:
        if isinstance(message, WindowMessage):
            later.append(ring.mark.position - round(message.end * 16000))

    streams = Streams(setup_for(classifier, hop, take), None, lambda line: None)
    ring = streams.open("stream", rate=16000, live=True, timed=False)
    block = choose_block(16000, ring.pace)
    for at in range(0, woman.size - block + 1, block):
        ring.write(woman[at : at + block])
    assert later == [0] * ((woman.size // block * block - 32000) // round(hop * 16000) + 1)
    ring.close()


@settings(max_examples=12)
@given(
    cuts=st.lists(st.integers(1, 1 << 20), max_size=20),
    hop=st.sampled_from([0.1, 0.25, 0.5, 0.73, 2.0]),
    rate=st.sampled_from([8000, 16000, 44100]),
)
def test_streaming_equals_offline(
    classifier: Classifier, demo_samples: Samples, cuts: list[int], hop: float, rate: int
) -> None:
    """For any split of the input into blocks, every message is the same, bit for bit, at any rate and hop."""
    samples = demo_samples[: 12 * 16000]
    whole = published(classifier, [samples], rate=rate, hop=hop)
    assert published(classifier, split(samples, cuts), rate=rate, hop=hop) == whole
    assert {"genderstream.turn/1", "genderstream.call/1"} < {row["schema"] for row in whole}
    windows = [row for row in whole if row["schema"] == "genderstream.window/1"]
    assert len(windows) == 1 + int((samples.size / rate - 2.0) / hop + 1e-9)


@settings(max_examples=12)
@given(at=st.integers(0, 8 * 16000), lost=st.integers(1, 3 * 16000), rate=st.sampled_from([8000, 16000]))
def test_a_gap_moves_nothing_but_itself(
    classifier: Classifier, demo_samples: Samples, at: int, lost: int, rate: int
) -> None:
    """No window touches a gap, the windows around it keep their times, and the loss is told once, in full."""
    samples = demo_samples[: 14 * 16000]
    whole = {row["start"]: row for row in decided(classifier, [samples], rate=rate)}
    rows = decided(classifier, [samples[:at], lost, samples[at + lost :]], rate=rate)
    scale = 16000 / rate
    expected = [s for s in whole if s + 2.0 <= at / rate + 1e-9 or s >= np.ceil((at + lost) * scale) / 16000]
    assert [row["start"] for row in rows] == expected
    assert [row["sequence"] for row in rows] == list(range(len(rows)))
    assert sum(row["gap_before"] for row in rows) == rows[-1]["lost_samples"]
    assert rows[-1]["lost_samples"] == np.ceil((at + lost) * scale) - np.ceil(at * scale)
    for row in rows:
        if row["end"] * rate <= at - 2000:
            assert row == whole[row["start"]]


def test_hears_the_demo(classifier: Classifier, demo_samples: Samples) -> None:
    """In the demo the woman's turn is female, the man's male, silence silence and the tune no voice."""
    rows = {row["start"]: row for row in decided(classifier, [demo_samples])}
    assert {rows[s]["label"] for s in (0.0, 1.0, 2.0, 20.0, 21.0)} == {"female"}
    assert {rows[s]["label"] for s in (6.0, 7.0, 8.0, 9.0, 25.0, 26.0)} == {"male"}
    assert rows[12.0]["reason"] == "silence"
    assert {rows[s]["reason"] for s in (14.0, 14.5, 15.0)} <= {"not_speech", "silence"}
    assert rows[3.0]["smoothed"]["label"] == "female"
    assert rows[9.0]["smoothed"]["label"] == "male"


@pytest.mark.parametrize("hop", [0.1, 0.5, 0.73])
def test_the_model_hears_each_window_afresh(classifier: Classifier, demo_samples: Samples, hop: float) -> None:
    """After whatever silence, a window's probability is that of its own samples alone."""
    model = load_model().spec
    heard = [row for row in decided(classifier, [demo_samples], hop=hop) if row["probability"]]
    for row in heard:
        samples = demo_samples[round(row["start"] * 16000) : round(row["end"] * 16000)]
        scores = classifier(LogMel(model.features, sample_rate=16000, window=model.window)(samples))
        assert row["probability"]["female"] == round(scores.label, 4)
        assert row["speech_probability"] == round(scores.speech, 4)
    assert heard


@settings(max_examples=8)
@given(pattern=st.lists(st.booleans(), min_size=50, max_size=50), hop=st.sampled_from([0.1, 0.5]))
def test_what_is_decided_is_decided_as_ever(
    classifier: Classifier, demo_samples: Samples, pattern: list[bool], hop: float
) -> None:
    """Skipping changes nothing in other windows' answers; a skipped window says so, and what the VAD heard of it."""
    samples = demo_samples[: int((2 + 49 * hop) * 16000)]
    whole = decided(classifier, [samples], hop=hop)

    class Drawn:
        stride = 1

        def __init__(self, *_: Any) -> None:
            self.left = list(pattern)

        def admits(self, age: float) -> bool:
            return self.left.pop(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "Stride", Drawn)
        rows = decided(classifier, np.split(samples, range(8000, samples.size, 8000)), hop=hop, live=True)
    assert [row["sequence"] for row in rows] == list(range(50))
    for row, full, admitted in zip(rows, whole, pattern, strict=True):
        same = {key: value for key, value in full.items() if key != "smoothed"}
        if not admitted and full["reason"] != "silence":
            same |= {"state": "speech", "label": "unknown", "reason": "overload"}
            same |= {"probability": None, "speech_probability": None}
        assert {key: value for key, value in row.items() if key != "smoothed"} == same


def test_a_broken_sink_ends_the_stream(classifier: Classifier, woman: Samples) -> None:
    """Where a sink raises, its error comes out at once and nothing is decided any more."""
    taken: list[AnyMessage] = []

    def take(message: AnyMessage) -> None:
        taken.append(message)
        raise BrokenPipeError

    streams = Streams(setup_for(classifier, 0.5, take), None, lambda line: None)
    ring = streams.open("stream", rate=16000, live=False, timed=False)
    try:
        ring.write(woman)
    except BrokenPipeError:
        ring.close()
    assert len(taken) == 1
