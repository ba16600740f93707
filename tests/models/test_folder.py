"""Laws of a model folder: what it says is checked, what is written is read back, and errors say what to do."""

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import (
    VOICE,
    FeatureSpec,
    LogMelSpec,
    MfccSpec,
    SpectrogramSpec,
    UnusableError,
    WaveSpec,
    load_model,
    read_spec,
    write_spec,
)
from models.provisional import TURNS, VERDICT

counts = st.integers(1, 10_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped model to damage."""
    copy = tmp_path / "model"
    copy.mkdir()
    for name in ("spec.json", "model.tflite", "model.int8.tflite"):
        shutil.copy(VOICE / name, copy)
    return copy


def edit(folder: Path, **changes: Any) -> None:
    """Set keys of spec.json, inner ones as `features__fft`."""
    spec = msgspec.json.decode((folder / "spec.json").read_bytes())
    for path, value in changes.items():
        *outer, last = path.split("__")
        part = spec
        for key in outer:
            part = part[key]
        part[last] = value
    (folder / "spec.json").write_bytes(msgspec.json.encode(spec))


framed = {"frame": st.integers(2, 128).map(lambda half: 2 * half), "hop": counts, "fft": st.sampled_from([256, 4096])}
mel = framed | {"bands": st.integers(20, 200), "f_min": st.floats(0, 999), "f_max": st.floats(1000, 8000)}
floored = {"floor": st.floats(1e-30, 1.0)}
features = st.one_of(
    st.builds(LogMelSpec, **mel, **floored),
    st.builds(MfccSpec, **mel, **floored, coefficients=st.integers(1, 20)),
    st.builds(SpectrogramSpec, **framed, **floored),
    st.builds(WaveSpec),
)


@given(features, st.integers(256, 80_000))
def test_writing_a_spec_and_reading_it_gives_it_back(
    tmp_path_factory: pytest.TempPathFactory, features: FeatureSpec, window: int
) -> None:
    """write_spec and read_spec are inverse, for every kind of features."""
    spec = msgspec.structs.replace(read_spec(VOICE), features=features, window=window, activity=msgspec.UNSET)
    folder = tmp_path_factory.mktemp("model")
    write_spec(folder, spec)
    assert read_spec(folder) == spec


def test_the_shipped_spec_is_what_we_write(tmp_path: Path) -> None:
    """Reading the shipped spec.json and writing it again gives the same bytes."""
    write_spec(tmp_path, read_spec(VOICE))
    assert (tmp_path / "spec.json").read_bytes() == (VOICE / "spec.json").read_bytes()


@pytest.mark.parametrize(
    ("features", "shape"),
    [
        (LogMelSpec(), (198, 64)),
        (LogMelSpec(frame=32000, hop=1, fft=32768), (1, 64)),
        (MfccSpec(coefficients=13), (198, 13)),
        (SpectrogramSpec(frame=320), (199, 257)),
        (WaveSpec(), (32000, 1)),
    ],
)
def test_a_kind_says_the_shape_of_a_window(features: FeatureSpec, shape: tuple[int, int]) -> None:
    """Two seconds become a row for each whole frame, or each sample, of as many columns as the kind has."""
    spec = msgspec.structs.replace(read_spec(VOICE), features=features)
    assert spec.shape == features.shape(32000) == shape


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_the_shipped_model_is_what_its_spec_says(precision: Any) -> None:
    """Both files have the digests that spec.json names, and messages carry the first 12 digits."""
    model = load_model(VOICE, precision)
    assert model.identity == f"{model.spec.name}@{model.spec.files[precision].sha256[:12]}"
    assert model.spec.labels == ("female", "male")


def test_a_changed_file_is_refused(folder: Path) -> None:
    """One flipped bit is enough: the file is named, and what to do."""
    content = bytearray((folder / "model.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.tflite").write_bytes(content)
    with pytest.raises(UnusableError, match=r"model\.tflite has SHA-256 .* copy the whole model folder again"):
        load_model(folder)


@pytest.mark.parametrize("name", ["spec.json", "model.tflite"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    """A folder that lacks a file is refused by that file's name."""
    (folder / name).unlink()
    with pytest.raises(UnusableError, match=f"cannot read .*{name}"):
        load_model(folder)


def test_a_missing_precision_says_which_there_are(folder: Path) -> None:
    """A precision that the folder does not have is refused with those that it has."""
    spec = read_spec(folder)
    write_spec(folder, msgspec.structs.replace(spec, files={"float32": spec.files["float32"]}))
    with pytest.raises(UnusableError, match="no int8 file, only float32"):
        load_model(folder, "int8")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"labels": ["female", "female"]}, "two different names"),
        ({"labels": ["unknown", "male"]}, "neither of them `unknown`"),
        ({"labels": ["a"]}, "labels"),
        ({"gate": "door"}, "gate"),
        ({"sample_rate": 8000}, "sample_rate"),
        ({"window": 399}, "at least one frame"),
        ({"window": 80_001}, "window"),
        ({"features__fft": 500}, "power of two"),
        ({"features__frame": 1024}, "up to fft"),
        ({"features__frame": 401}, "even number"),
        ({"features__f_max": 9000.0}, "f_max <= 8000"),
        ({"features__kind": "chroma"}, "chroma"),
        ({"features__colour": "red"}, "colour"),
        ({"features": {"kind": "mfcc", "bands": 12, "coefficients": 13}}, "at most as many as bands (12)"),
        ({"features": {"kind": "mfcc", "f_min": 9000.0}}, "f_max <= 8000"),
        ({"features": {"kind": "log-spectrogram", "fft": 500}}, "power of two"),
        ({"features": {"kind": "log-spectrogram", "bands": 64}}, "bands"),
        ({"features": {"kind": "wave", "frame": 400}}, "frame"),
        ({"features": {"frame": 400}}, "kind"),
        ({"outputs": []}, "outputs"),
        ({"outputs": [{"meaning": "speech"}]}, "expected `label` once"),
        ({"outputs": [{"meaning": "label"}, {"meaning": "label"}]}, "expected `label` once"),
        ({"thresholds__label": 0.2}, "thresholds.label"),
        ({"smoothing__leave": 0.95}, "smoothing leaves"),
        ({"turns": msgspec.to_builtins(TURNS) | {"leave": 0.95}}, "turns leave"),
        ({"turns": {"lag": 6.0}}, "turns"),
        ({"turns": msgspec.to_builtins(TURNS) | {"enter": 0.99, "leave": 0.5}}, "turns enter at"),
        ({"verdict": msgspec.to_builtins(VERDICT) | {"between": 0.0}}, "verdict.between"),
        ({"activity": {"frames": 101}}, "activity has 101 frames: expected at most 100"),
        ({"files__float32": {"path": "../x.tflite", "sha256": "0" * 64}}, "outside the folder"),
        ({"files__float32": {"path": "x.tflite", "sha256": "zz"}}, "sha256"),
        ({"schema": "genderstream.model/9"}, "genderstream.model/9"),
    ],
)
def test_a_spec_that_contradicts_itself_is_refused(folder: Path, changes: dict[str, Any], says: str) -> None:
    """What does not fit is refused in one line that names it."""
    edit(folder, **changes)
    with pytest.raises(UnusableError) as caught:
        read_spec(folder)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema":"genderstream.model/1"}'])
def test_what_is_no_spec_is_refused(folder: Path, content: bytes) -> None:
    """Anything else than a spec gives one line that names the file."""
    (folder / "spec.json").write_bytes(content)
    with pytest.raises(UnusableError, match=r"spec\.json is not a model's spec"):
        read_spec(folder)
