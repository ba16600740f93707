"""The same model through the other TFLite runtime, in an environment of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WINDOWS = 57  # of the demo


@pytest.fixture(scope="module")
def other_python(lacking):
    """Python where tflite-runtime is installed with NumPy 1, and ai-edge-litert is not."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("tflite-runtime has no wheel for any Python but 3.11 among those that we support")
    made = subprocess.run(
        [ROOT / "tools" / "other_runtime.sh"], capture_output=True, text=True, check=False, timeout=600
    )
    if made.returncode:
        lacking(f"tools/other_runtime.sh failed: {made.stderr.strip()[-300:]}")
    return ROOT / ".venv-tflite" / "bin" / "python"


@pytest.fixture
def decided(other_python, command, start, demo):
    """decided(precision): pairs of window messages about the demo, from ai-edge-litert and from tflite-runtime."""

    def decided(precision):
        arguments = ("score", demo, "--precision", precision)
        ours = command(*arguments)
        others = start(other_python, "-m", "stream", *arguments, cwd=ROOT).finish()
        assert (ours.status, others.status) == (0, 0), others.error
        pairs = zip(ours.messages, others.messages, strict=True)
        return [pair for pair in pairs if all(each["schema"] == "genderstream.window/1" for each in pair)]

    return decided


@pytest.mark.slow
def test_both_runtimes_decide_alike(decided):
    """tflite-runtime gives the labels that ai-edge-litert gives, and its probabilities within 0.001."""
    pairs = decided("float32")
    assert len(pairs) == WINDOWS
    for one, other in pairs:
        assert (one["label"], one["reason"], one["state"]) == (other["label"], other["reason"], other["state"])
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-3)
        assert one["speech_probability"] == pytest.approx(other["speech_probability"], abs=1e-3)


@pytest.mark.slow
def test_both_runtimes_decide_nearly_alike_in_int8(decided):
    """In int8, which the two round differently, they are within 0.1 and never hear opposite voices.

    Whose voice it would be, if it were one, is asked where one is heard: about music either answer is noise.
    """
    pairs = decided("int8")
    assert sum(one["state"] == "speech" for one, _ in pairs) > WINDOWS / 2
    for one, other in pairs:
        assert one["state"] == other["state"]
        assert one["speech_probability"] == pytest.approx(other["speech_probability"], abs=0.1)
        if one["state"] == "speech":
            assert one["probability"] == pytest.approx(other["probability"], abs=0.1)
        assert "unknown" in (one["label"], other["label"]) or one["label"] == other["label"]


@pytest.mark.slow
def test_the_other_environment_has_only_the_other_runtime(other_python):
    """What was compared was not the same runtime twice."""
    code = "from stream.classify import find_runtime; import numpy; print(find_runtime(), numpy.__version__)"
    found = subprocess.run([other_python, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert found.startswith("tflite-runtime 1.")
