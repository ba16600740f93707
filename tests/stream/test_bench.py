"""The benchmark works: every number is measured, or left out with a reason."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stream.bench import MEASUREMENTS
from stream.bench.result import Bar, module_of, passes
from stream.bench.table import row
from stream.bench.timing import cpu_us


@pytest.mark.slow
@pytest.mark.parametrize("measurement", MEASUREMENTS)
def test_every_number_is_measured_or_skipped_with_a_reason(
    command: Callable[..., Any], tmp_path: Path, measurement: str
) -> None:
    """`bench --quick` ends well, and its table and its JSON have each number that a module promises."""
    ended = command("bench", measurement, "--quick", "--json", tmp_path / "bench.json")
    assert ended.status == 0, ended.error
    written = json.loads((tmp_path / "bench.json").read_text("utf-8"))
    skipped = [line for line in ended.out.splitlines() if line.startswith("skipped ")]
    for name in module_of(measurement).RESULTS:
        assert (name in written["results"]) != any(name in line for line in skipped), name
    assert all(math.isfinite(value) for value in written["results"].values())
    assert written["machine"]["cores"] > 0


def test_an_unknown_measurement_is_refused(command: Callable[..., Any]) -> None:
    """Exit status 2, with the names that there are."""
    ended = command("bench", "speed")
    assert ended.status == 2
    assert "'speed'" in ended.error
    assert "logmel" in ended.error


def test_a_row_says_whether_the_bar_is_reached() -> None:
    """At least or at most, as the bar says."""
    more, less = Bar("", "×", 3.0, 4.0), Bar("", "ms", 3.0, 1.0, least=True)
    verdicts = [(more, 2.9, "BELOW"), (more, 3.0, "bar"), (more, 4.0, "stretch")]
    verdicts += [(less, 3.1, "BELOW"), (less, 3.0, "bar"), (less, 1.0, "stretch")]
    for bar, value, verdict in verdicts:
        assert f"  {verdict} " in row("name", value, bar)
    assert not passes(1.0, None, least=False)


def test_works_alternate() -> None:
    """Each round calls every work in turn, so that what disturbs one disturbs all."""
    calls: list[str] = []
    cpu_us(lambda: calls.append("a"), lambda: calls.append("b"), rounds=10)
    assert calls == ["a", "b"] * (len(calls) // 2)
    assert len(calls) >= 20
