"""The documentation for people keeps step with the tree and the code."""

import re
from pathlib import Path

import pytest

from portal.app import FEATURES
from portal.operations.reference import reference_markdown

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def relative_links(text: str) -> list[str]:
    """Return the addresses that lead to other files, without their anchors; what stands in code is no link."""
    found = (link.partition("#")[0] for link in _LINK.findall(_CODE.sub("", text)))
    return [link for link in found if link and not _SCHEME.match(link)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(page: Path) -> None:
    missing = [link for link in relative_links(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert not missing


def test_links_are_found_where_they_are_and_only_there() -> None:
    text = "[a](one.md), ![b](img/two.png), [c](three.md#part), [d](https://example.org), [e](#here), `[f](no.md)`"
    assert relative_links(text) == ["one.md", "img/two.png", "three.md"]


def test_the_reference_lists_every_permission_and_event() -> None:
    page = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert page == reference_markdown(FEATURES), "Run: portico reference > docs/reference.md"
    named = [item for feature in FEATURES for kind in (feature.permissions, feature.events) if kind for item in kind]
    assert not [str(item) for item in named if f"`{item}`" not in page]
