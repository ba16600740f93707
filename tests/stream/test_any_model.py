"""Laws of models that know nothing of voices: other labels, one output, no gate, any features and window."""

import csv
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from models import (
    VOICE,
    FeatureSpec,
    LogMelSpec,
    MfccSpec,
    OutputSpec,
    SpectrogramSpec,
    Timbre,
    UnusableError,
    WaveSpec,
    load_model,
    read_spec,
    write_spec,
)
from models.spec import ModelFile
from stream.classify import Classifier, ModelSettings
from stream.diagnose.model import check_model
from stream.features.twin import feature_twin
from stream.messages import AnyMessage, WindowMessage, encode, schemas
from stream.outputs.terminal import Terminal
from stream.pipeline import Setup
from stream.records import Samples
from stream.streams import Streams
from stream.vad import VadSettings
from stream.windows import WindowSettings

RATE = 16000
MODELS: list[tuple[FeatureSpec, float, float]] = [  # features; scale and bias that make both labels of the demo
    (LogMelSpec(), 0.4, 16.0),
    (MfccSpec(coefficients=13), 0.4, 6.0),
    (SpectrogramSpec(frame=320), 0.4, 13.0),
    (WaveSpec(), 1000.0, -3.0),
]
any_features = pytest.mark.parametrize(
    ("features", "scale", "bias"), MODELS, ids=[type(features).__name__ for features, _, _ in MODELS]
)
OUTPUTS = (OutputSpec(meaning="label", scale=0.4, bias=16.0),)  # the first of these

MakeModel = Callable[..., Path]


def messages_of(folder: Path, pieces: Sequence[Samples], hop: float = 0.5) -> list[AnyMessage]:
    """What the model in `folder` makes of a recording that comes in `pieces`."""
    messages: list[AnyMessage] = []
    model = load_model(folder)
    setup = Setup(model, Classifier(model), WindowSettings(hop=hop), VadSettings(), "epoch", messages.append)
    ring = Streams(setup, None, lambda line: None).open("stream", rate=RATE, live=False, timed=False)
    for piece in pieces:
        ring.write(piece)
    ring.close()
    return messages


def windows_of(messages: Sequence[AnyMessage]) -> list[WindowMessage]:
    return [message for message in messages if isinstance(message, WindowMessage)]


@any_features
@pytest.mark.parametrize("window", [16000, 32000, 40001])
def test_decides_as_its_spec_says(
    features: FeatureSpec, scale: float, bias: float, window: int, make_model: MakeModel, demo_samples: Samples
) -> None:
    """The probability is the calibrated logit of the float64 twin's features, for every window, silent ones too."""
    outputs = (OutputSpec(meaning="label", scale=scale, bias=bias),)
    folder = make_model(features, window=window, outputs=outputs)
    rows = [json.loads(encode(window)) for window in windows_of(messages_of(folder, [demo_samples[: 15 * RATE]]))]
    assert len(rows) == 1 + (15 * RATE - window) // 8000
    for row in rows:
        start = round(row["start"] * RATE)
        mean = feature_twin(demo_samples[start : start + window], features, sample_rate=RATE).mean()
        wanted = 1.0 / (1.0 + np.exp(-(scale * mean + bias)))
        assert row["probability"] == pytest.approx({"loud": wanted, "quiet": 1.0 - wanted}, abs=2e-4)
        assert (row["state"], row["speech_probability"]) == ("speech", None)
        jsonschema.Draft202012Validator(schemas()["window.json"]).validate(row)
    assert {"loud", "quiet"} <= {row["label"] for row in rows} <= {"loud", "quiet", "unknown"}


@any_features
@settings(max_examples=6)
@given(cuts=st.lists(st.integers(1, 1 << 20), max_size=12), hop=st.sampled_from([0.1, 0.5, 0.73]))
def test_streaming_equals_offline(
    features: FeatureSpec, scale: float, bias: float, make_model: MakeModel, demo_samples: Samples, cuts: list[int],
    hop: float,
) -> None:  # fmt: skip
    """For any split of the input into blocks, every decision of any kind of model is the same, bit for bit."""
    folder = make_model(features, outputs=(OutputSpec(meaning="label", scale=scale, bias=bias),))
    samples = demo_samples[: 6 * RATE]
    ends = sorted({0, samples.size, *(cut % samples.size for cut in cuts)})
    pieces = [samples[start:end] for start, end in pairwise(ends)]
    assert messages_of(folder, pieces, hop) == messages_of(folder, [samples], hop)


@pytest.mark.parametrize("gate", ["vad", "none"])
@pytest.mark.parametrize("window", [1, 500, 80_000])
def test_windows_may_be_short_or_long(gate: str, window: int, make_model: MakeModel, demo_samples: Samples) -> None:
    """From one sample, shorter than the VAD's frames, to 5 s: each is decided on, and the stream ends."""
    folder = make_model(WaveSpec(), window=window, gate=gate)
    windows = windows_of(messages_of(folder, [demo_samples[: 6 * RATE]], hop=0.73))
    assert [each.end - each.start for each in windows] == pytest.approx([window / RATE] * len(windows))
    assert len(windows) == 1 + (6 * RATE - window) // 11680
    assert all(each.probability for each in windows if gate == "none")


def test_other_features_than_the_file_takes_are_refused(make_model: MakeModel) -> None:
    """A file whose input has another shape than the spec's features is refused in one line, with both shapes."""
    content = (make_model(LogMelSpec()) / "model.tflite").read_bytes()
    file = ModelFile(path="model.tflite", sha256=hashlib.sha256(content).hexdigest())
    for features, says in ((WaveSpec(), "1, 32000, 1"), (SpectrogramSpec(), "1, 198, 257"), (MfccSpec(), "1, 198, 20")):
        folder = make_model(features, files={"float32": file})
        (folder / "model.tflite").write_bytes(content)
        with pytest.raises(UnusableError) as caught:
            Classifier(load_model(folder))
        assert f"takes float32[1, 198, 64]: its spec.json says float32[{says}]" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_numbers_that_the_file_does_not_give_are_refused(make_model: MakeModel) -> None:
    """So is one whose output row is shorter than what its spec tells of it, or longer: a number would be another's."""
    folder = make_model(LogMelSpec(), timbre=Timbre(size=3, between=5.0))
    with pytest.raises(UnusableError, match=r"gives float32\[1, 1\]: its spec.json says float32\[1, 4\]"):
        Classifier(load_model(folder))
    shipped = Path(shutil.copytree(VOICE, folder / "shipped", ignore=shutil.ignore_patterns("report")))
    spec = read_spec(VOICE)
    for without, row in ({"timbre": UNSET}, 103), ({"activity": UNSET}, 27):
        write_spec(shipped, msgspec.structs.replace(spec, **without))
        with pytest.raises(UnusableError, match=rf"gives float32\[1, {spec.row}\]: .* says float32\[1, {row}\]"):
            Classifier(load_model(shipped))


def test_doctor_runs_it(make_model: MakeModel) -> None:
    """`doctor` checks a model of any kind as it does the shipped one."""
    for features, _, _ in MODELS:
        (finding,) = check_model(ModelSettings(model=str(make_model(features))))
        assert finding.verdict == "ok"


def test_score_says_nothing_of_speech_where_none_is_asked_for(
    make_model: MakeModel, command: Callable[..., Any], demo: Path, tmp_path: Path
) -> None:
    """`score`: the table has the model's labels, the summary shares out the sound that was heard."""
    folder = make_model(LogMelSpec(), outputs=OUTPUTS, labels=("emergency-vehicle", "none"))
    ended = command("score", demo, "--model", folder, "--out", tmp_path / "table.csv")
    assert ended.status == 0, ended.error
    with (tmp_path / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["schema"] for row in rows} == {"genderstream.window/1"}
    assert {row["label"] for row in rows} <= {"emergency-vehicle", "none", "unknown"}
    assert all(row["probability.emergency-vehicle"] and not row["speech_probability"] for row in rows)
    assert "30.0 s heard, 30.0 s of sound (emergency-vehicle " in ended.error


def test_run_publishes_it(
    make_model: MakeModel, daemon: Callable[..., Any], listen: Callable[..., Any], demo_samples: Samples
) -> None:
    """`run`: the model's labels are on the wire and in the terminal, and there is no word of gender."""
    folder = make_model(LogMelSpec(), outputs=OUTPUTS, gate="vad")
    running = daemon("-", "--stream", "street", "--model", folder, stdin=subprocess.PIPE)
    messages = listen(running)
    running.process.stdin.write(demo_samples.tobytes())
    running.process.stdin.close()
    running.process.stdin = None
    *messages, health = messages.until_end()
    windows = [message for message in messages if message["schema"] == "genderstream.window/1"]
    assert {"loud", "quiet"} <= {window["label"] for window in windows} <= {"loud", "quiet", "unknown"}
    assert set(health["streams"]["street"]["speaking_seconds"]) <= {"loud", "quiet", "unknown"}
    ended = running.finish()
    assert " s of speech (loud " in ended.error
    assert "male" not in ended.error


@pytest.mark.parametrize("labels", [("female", "male"), ("emergency-vehicle", "none")])
def test_lines_in_the_terminal_line_up(labels: tuple[str, str], make_model: MakeModel, demo_samples: Samples) -> None:
    """Whatever a stream's label, and however long, what follows it stands in the same column."""
    folder = make_model(LogMelSpec(), outputs=OUTPUTS, labels=labels)
    terminal, columns, seen = Terminal(read_spec(folder)), set(), set()
    for message in windows_of(messages_of(folder, [demo_samples])):
        terminal._summary.take(message)
        line = terminal._line(terminal._summary.streams["stream"])
        seen.add(message.smoothed.label)
        columns.add(line.index(" dBFS"))
    assert len(seen) > 1
    assert len(columns) == 1
