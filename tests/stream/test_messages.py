"""Laws of the wire: round trip, schema, and schemas that are those of the code."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.messages import (
    AnyMessage,
    CallMessage,
    HandoverTime,
    HealthMessage,
    Smoothed,
    StreamHealth,
    TurnMessage,
    WindowMessage,
    decode,
    encode,
    schemas,
)
from stream.words import LivenessState

names = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
counts = st.integers(0, 2**53)
probabilities = st.floats(0, 1)
seconds = st.floats(0, 1e9)
times = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
texts = st.text(max_size=20)
heads: dict[str, Any] = {"epoch": texts, "sequence": counts, "time": times, "model": texts}

windows = st.builds(
    WindowMessage,
    **heads,
    stream=names,
    start=seconds,
    end=seconds,
    hop=st.floats(0.1, 2.0),
    state=st.sampled_from(["speech", "silence", "noise"]),
    label=st.sampled_from(["female", "male", "unknown"]),
    reason=st.sampled_from([None, "silence", "not_speech", "undecidable", "low_confidence", "mixed", "overload"]),
    probability=st.none() | st.fixed_dictionaries({"female": probabilities, "male": probabilities}),
    speech_probability=st.none() | probabilities,
    vad_ratio=probabilities,
    level_dbfs=st.floats(-120, 0),
    smoothed=st.builds(Smoothed, label=names, probability=st.none() | probabilities),
    padded=counts,
    gap_before=counts,
    lost_samples=counts,
    latency_ms=st.none() | st.floats(0, 1e6),
)
turns = st.builds(
    TurnMessage,
    **heads,
    stream=names,
    start=seconds,
    end=seconds,
    label=names,
    probability=probabilities,
    windows=counts,
)
by_label = st.fixed_dictionaries({"female": probabilities, "male": probabilities, "unknown": probabilities})
calls = st.builds(
    CallMessage,
    **heads,
    stream=names,
    end=seconds,
    label=names,
    reason=st.sampled_from([None, "silence", "not_speech", "undecidable", "low_confidence", "mixed"]),
    probability=st.none() | probabilities,
    error_bound=st.none() | probabilities,
    decided_after=st.none() | seconds,
    speech_seconds=by_label,
    share=by_label,
    turns=counts,
    handovers=st.lists(st.builds(HandoverTime, at=seconds, label=names), max_size=3),
    final=st.booleans(),
)
healths = st.builds(
    HealthMessage,
    **heads,
    daemon=names,
    uptime=seconds,
    late_ms=seconds,
    streams=st.dictionaries(
        names,
        st.builds(
            StreamHealth,
            state=st.sampled_from(get_args(LivenessState)),
            cause=st.none() | st.text(),
            state_seconds=seconds,
            sample_rate=st.integers(8000, 192000),
            captured=counts,
            processed=counts,
            waiting=counts,
            lost=st.fixed_dictionaries({"device": counts, "lapped": counts}),
            overflows=counts,
            restarts=counts,
            drift_ppm=st.none() | st.floats(-1000, 1000),
            windows=counts,
            skipped=counts,
            stride=st.integers(1, 100),
            speaking_seconds=st.dictionaries(names, seconds, max_size=3),
            speaking_share=st.fixed_dictionaries(dict.fromkeys(("minute", "hour", "all"), by_label)),
            latency_ms=st.none() | st.fixed_dictionaries(dict.fromkeys(("p50", "p99", "max"), seconds)),
        ),
        max_size=3,
    ),
)

messages = windows | turns | calls | healths


@given(messages)
def test_decoding_what_was_encoded_gives_it_back(message: AnyMessage) -> None:
    """decode(encode(message)) == message, and its topic ends with a slash."""
    assert decode(encode(message)) == message
    assert message.topic.endswith("/")


@given(messages)
def test_every_message_fits_its_schema(message: AnyMessage) -> None:
    """What is published validates against the JSON Schema of its kind."""
    kind = message.topic.split("/")[0]
    validator = jsonschema.Draft202012Validator(schemas()[f"{kind}.json"])
    validator.validate(json.loads(encode(message)))


@pytest.mark.parametrize("name", schemas())
def test_committed_schemas_are_those_of_the_code(name: str) -> None:
    """stream/schemas holds what the code generates; `python tools/schemas.py` writes it."""
    path = Path(__file__).parents[2] / "stream" / "schemas" / name
    assert json.loads(path.read_text("utf-8")) == schemas()[name]
