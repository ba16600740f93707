"""What the pages say is what there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "models" / "voice" / "CARD.md"]
PAGES += sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file or folder of the repository."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize(
    ("page", "client"),
    [
        ("README.md", "subscriber.py"),
        ("README.md", "subscriber.mjs"),
        ("docs/websocket.md", "sender.py"),
        ("docs/websocket.md", "sender.mjs"),
        ("docs/websocket.md", "sender.html"),
    ],
)
def test_pages_show_the_clients_that_are_tested(page: str, client: str) -> None:
    """A page's clients are the files that the tests run, word for word."""
    content = (ROOT / "tests" / "clients" / client).read_text("utf-8").strip()
    assert content in (ROOT / page).read_text("utf-8")


def promises() -> list[tuple[str, str]]:
    """What the operations page promises, and what proves it."""
    tables = (ROOT / "docs" / "operations.md").read_text("utf-8").split("| promise | test |\n| --- | --- |\n")[1:]
    rows = [row for table in tables for row in table.partition("\n\n")[0].splitlines()]
    return [(promise, proofs) for promise, proofs in (row.strip("| ").split(" | ") for row in rows)]


def test_every_promise_has_its_test() -> None:
    """Each names one at least, and each that is named is there; `…` stands for what was left out of a long name."""
    paths = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*.py")}
    folders = {f"{path.rpartition('/')[0]}/" for path in paths}
    names = {name for path in paths for name in re.findall(r"def (test_\w+)\(", (ROOT / path).read_text("utf-8"))}
    known = "\n".join([*paths, *folders, *(path.rpartition("/")[2] for path in paths), *names])
    assert len(promises()) > 40
    for promise, proofs in promises():
        named = [each for each in re.findall(r"`([^`]+)`", proofs) if "test" in each or "…" in each]
        assert named, promise
        for each in named:
            pattern = re.escape(each).replace("…", r"\w*")
            assert re.search(f"^{pattern}$", known, re.MULTILINE), f"{promise}: there is no {each}"
