"""The German catalogue is complete: every text of the product, with the same placeholders."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

PACKAGES = ("portal", "knowledge", "triage", "catalog", "status_page")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "_l": None, "lazy_ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")


def texts(root: Path) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    with (root / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    for package in PACKAGES:
        for found in extract_from_dir(root / package, methods, options, keywords=KEYWORDS):
            yield f"{package}/{found[0]}:{found[1]}", found[2]


def placeholders(text: str) -> set[str]:
    return {first or second for first, second in PLACEHOLDER.findall(text)}


@pytest.fixture(scope="module")
def german(project_root: Path) -> dict[tuple[str, ...], tuple[str, ...]]:
    with (project_root / "portal/translations/de/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale="de")
    return {forms(message.id): forms(message.string) for message in catalogue if message.id}


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def test_every_text_has_its_german(project_root: Path, german: dict[tuple[str, ...], tuple[str, ...]]) -> None:
    answers = {key[0]: answer for key, answer in german.items()}
    missing = []
    for place, text in texts(project_root):
        key = forms(text)[0]
        if not all(answers.get(key) or ("",)):
            missing.append(f"{place}: {key}")
    assert not missing, f"{len(missing)} texts lack their German; run `make messages`: {missing[:10]}"


def test_placeholders_survive_translation(german: dict[tuple[str, ...], tuple[str, ...]]) -> None:
    """The singular may do without the number; the only form and the plural must name everything."""
    broken = [
        key
        for key, answers in german.items()
        if placeholders(answers[-1]) != placeholders(key[-1]) or placeholders(answers[0]) - placeholders(key[-1])
    ]
    assert broken == []
