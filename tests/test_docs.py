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
