"""The documentation for people keeps step with the tree and the code."""

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from portal.app import FEATURES
from portal.cli import commands_of, example_of, portico
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


def commands_named(text: str) -> list[list[str]]:
    """Return the words after each ``portico`` in code, as somebody would type them."""
    found = []
    for code in _CODE.findall(text):
        for line in code.strip("`").splitlines():
            words = line.strip().removeprefix("$ ").split()
            if words and words[0] in ("portico", ".venv/bin/portico", "/opt/portico/bin/portico"):
                found.append([word.strip(".,") for word in words[1:]])
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_is_named_exists(page: Path) -> None:
    for words in commands_named(page.read_text("utf-8")):
        command: click.Command = portico
        for word in words:
            if isinstance(command, click.Group) and not word.startswith("-"):
                assert word in command.commands, f"portico {' '.join(words)}"
                command = command.commands[word]
            elif word.startswith("--"):
                known = {option for item in command.params for option in item.opts + item.secondary_opts}
                assert word.partition("=")[0] in known | {"--help", "--version"}, f"portico {' '.join(words)}"


def test_the_help_shows_every_command_with_an_example_that_can_be_typed() -> None:
    shown = CliRunner().invoke(portico, ["--help"]).output
    for name, command in commands_of(portico):
        example = example_of(command)
        assert f"portico {name}" in example, f"portico {name} lacks an example"
        assert f"\n  {name}\n" in shown
        assert example in shown
        options = {option for item in command.params for option in item.opts}
        assert {word for word in shlex.split(example) if word.startswith("--")} <= options
