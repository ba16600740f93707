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
from training.calls.figures import Quantile
from training.calls.measure import Report, Size
from training.calls.page import _number
from training.cli import cli
from training.figures import Share


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
    assert (found.split, found.looked, found.estimated) == ("test", False, True)
    for bar in ("wrong verdicts, first", "wrong verdicts, final", "unknown", "music alone", "edges, median", "share"):
        assert bar in done.output
    assert not (model / "report" / "looks.csv").exists()


def test_a_look_wants_a_reason(corpus: Path, model: Path) -> None:
    """Calls of evaluate-only data are a look, under the same law as an evaluation's."""
    with pytest.raises(UnusableError, match="reason"):
        measure.calls(corpus, model, legs=2, split="test", look=True, reason="", out=None)


def test_nothing_wrong_among_few_is_not_never() -> None:
    """The interval of a share of 0 reaches to 3 / n speakers; of another it is the bootstrap's."""
    assert _number(Share(0.0, 0.0, 0.0, 500, 30), 100) == "0.00 (0.00 to 10.00)"
    assert _number(Share(0.0, 0.0, 0.0, 2, 2), 100) == "0.00 (0.00 to 100.00)"
    assert _number(Share(0.1, 0.05, 0.2, 500, 30), 100) == "10.00 (5.00 to 20.00)"
    assert _number(Quantile(1.5, 1.0, None), 1) == "1.50 (1.00 to ∞)"


def test_parts_grow_with_the_legs() -> None:
    """Asked for the 500 legs, the other kinds are 250, 50, 125 and 50."""
    size = Size(500)
    assert (size.alternating, size.long, size.children, size.voiceless) == (250, 50, 125, 50)
