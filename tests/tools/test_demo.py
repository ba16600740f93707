"""The demo recording is what its script makes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

ROOT = Path(__file__).parents[2]


def test_the_demo_recording_is_what_the_script_makes(tmp_path: Path) -> None:
    """tools/demo.py makes the committed recording from flite's voices, nearly sample by sample."""
    if not shutil.which("flite"):
        assert "CI" not in os.environ, "CI installs flite"
        pytest.skip("flite is not installed")
    out = tmp_path / "demo.flac"
    subprocess.run([sys.executable, str(ROOT / "tools" / "demo.py"), str(out)], check=True, capture_output=True)
    made, rate = soundfile.read(out)
    kept, kept_rate = soundfile.read(ROOT / "stream" / "demo" / "demo.flac")
    assert (rate, made.shape) == (kept_rate, kept.shape)
    assert abs(made - kept).max() < 1e-3  # libm's last digits differ between machines
