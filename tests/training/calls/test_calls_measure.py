"""The command, on a corpus of a few seconds."""

import shutil
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

pytest.importorskip("matplotlib")
pytest.importorskip("pyroomacoustics")

from models import VOICE, UnusableError
from training.calls import measure
from training.calls.measure import Report, Size
from training.cli import cli


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the shipped model, without its report."""
    return Path(shutil.copytree(VOICE, tmp_path / "model", ignore=shutil.ignore_patterns("report")))


def test_the_command_writes_a_table_against_the_bars(
    corpus: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON, page and pictures; both settings; every bar of the issue; evaluate-only files are not even opened."""
    monkeypatch.setattr(measure, "LONG", 30.0)
    done = CliRunner().invoke(
        cli, ["calls", "--data", str(corpus), "--model", str(model), "--legs", "2"], catch_exceptions=False
    )
    assert done.exit_code == 0
    folder = model / "report" / "calls"
    assert {path.name for path in folder.iterdir()} == {"calls.json", "README.md", "waiting.png", "edges.png"}
    found = msgspec.json.decode((folder / "calls.json").read_bytes(), type=Report)
    assert [setting.verdict_error for setting in found.settings] == [0.01, 0.05]
    assert [setting.verdicts["all"].legs for setting in found.settings] == [2, 2]
    assert "ravdess" not in found.settings[0].verdicts
    assert (found.split, found.looked, found.estimated) == ("test", False, False)
    for bar in ("wrong verdicts, first", "wrong verdicts, final", "unknown", "music alone", "edges, median", "share"):
        assert bar in done.output
    assert not (model / "report" / "looks.csv").exists()


def test_a_look_wants_a_reason(corpus: Path, model: Path) -> None:
    """Calls of evaluate-only data are a look, under the same law as an evaluation's."""
    with pytest.raises(UnusableError, match="reason"):
        measure.calls(corpus, model, legs=2, split="test", look=True, reason="", out=None)


def test_parts_grow_with_the_legs() -> None:
    """Asked for the 500 legs, the other kinds are 100, 20 and 50."""
    assert (Size(500).alternating, Size(500).long, Size(500).voiceless) == (100, 20, 50)
