"""The performance page's numbers are those of one run, beside the bars that the benchmark has."""

from pathlib import Path

from stream.bench.result import bars
from stream.bench.table import short
from tools import plots

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
MACHINE = dict.fromkeys(
    ("cores", "processor", "compiled_for", "load_average", "load_average_after", "python", "numpy", "numba"), "told"
) | {"ai-edge-litert": "told"}


def test_the_page_has_every_bar() -> None:
    """Each number that has a bar is in the page's table, with what it means and both bars as they are now."""
    page = PAGE.read_text("utf-8")
    for name, bar in bars().items():
        if bar.bar is not None:
            limits = [f"{'≤' if bar.least else '≥'} {limit:g} {bar.unit}" for limit in (bar.bar, bar.stretch)]
            assert f"| {bar.meaning} (`{name}`) | {limits[0]} | {limits[1]} | " in page, name


def test_a_run_replaces_the_one_before() -> None:
    """Written again, the page has every number of the new run; outside the marks it stays as it was."""
    page, results = PAGE.read_text("utf-8"), {name: 1234.0 + i for i, name in enumerate(bars())}
    written = plots.write_run(page, MACHINE, results)
    for name, bar in bars().items():
        if bar.bar is not None:
            assert f"(`{name}`)" in written
            assert f"{short(results[name])} {bar.unit} |" in written
    assert outside(written) == outside(page)
    assert plots.write_run(written, MACHINE, results) == written


def outside(page: str) -> list[str]:
    """What is between no marks."""
    parts = [part.partition("<!-- to here -->")[2] for part in page.split("writes from here -->")]
    return [page.partition("<!--")[0], *parts[1:]]
