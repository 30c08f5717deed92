"""A link to a passage lands on its heading: the page and the index cut the same text alike."""

import html
import re
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from knowledge.rendering.document import render
from knowledge.search.document import SearchDocument
from knowledge.search.passages import PAGE_IDS, cut_passages
from tests.client import CheckingClient
from tests.factories.knowledge import make_article
from tests.knowledge.tuning.searching import index_all, results

TEXT = """
# Repair the widget

Before the first heading.

## Files

Where they lie.

## Files

Where the others lie :::image type="icon" source="icon.png" border="false"::: today.

:::image type="content" source="large.png" alt-text="A large picture" lightbox="large.png":::

## Files-2

A third.

## *Title* and `code` & more

> [!NOTE]
> ## In a notice
> Mind this.

::: warning
## In a container
Careful.
:::

| a | b |
| --- | --- |
| :::image type="icon" source="x.png"::: one | two |

## Main

Text. [!INCLUDE [a note](../includes/note.md)]

Underlined
----------

Last words.
"""


def broken(body: str, title: str) -> list[str]:
    document = SearchDocument(id=1, title=title, body=body)
    ids = render(body, title=title, language="en").ids
    return [passage.anchor for passage in cut_passages(document) if passage.anchor and passage.anchor not in ids]


def test_every_anchor_stands_on_the_page(app: Flask) -> None:
    assert broken(TEXT, "Repair the widget") == []
    assert broken(TEXT, "Another title") == []


def test_the_title_of_the_page_has_no_anchor_of_its_own() -> None:
    passages = cut_passages(SearchDocument(id=1, title="Repair", body="# Repair\n\nText.\n\n## Main\n\nMore."))
    assert [(p.heading, p.anchor) for p in passages] == [("Repair", ""), ("Main", "main_")]


@given(
    st.lists(
        st.sampled_from(
            [*sorted(PAGE_IDS)[:6], "Files 2", "Files", "Files_", "Ä ö", "1. Step", "***", "a `b` c", "Main"]
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["# ", "## ", "### "]),
    st.booleans(),
)
def test_any_headings_agree(headings: list[str], marks: str, first_is_title: bool) -> None:
    body = "\n\n".join(f"{marks}{heading}\n\nText {number}." for number, heading in enumerate(headings))
    assert broken(body, headings[0] if first_is_title else "Something else") == []


def test_marks_of_other_systems_are_neither_quoted_nor_shown(app: Flask) -> None:
    quoted = "\n".join(p.text for p in cut_passages(SearchDocument(id=1, title="Repair", body=TEXT)))
    shown = re.sub(r"<[^>]+>", "", html.unescape(render(TEXT, title="Repair", language="en").html))
    for text in (quoted, shown):
        for mark in (":::", "[!", "lightbox", "border="):
            assert mark not in text, mark
        assert "Where the others lie" in text
        assert "one" in text


@pytest.fixture
def indexed(app: Flask, tmp_path: Path) -> Flask:
    from knowledge.indexing.opening import search_index

    search_index().rebuild(())
    return app


def test_a_result_leads_to_the_heading_on_the_page(indexed: Flask, client: CheckingClient) -> None:
    make_article("Repair the widget", body="# Repair the widget\n\nIntroduction.\n\n## Files\n\nThe zebra lies here.\n")
    index_all()
    address, _ = results(client, "zebra")[0]
    path, anchor = address.split("#")
    assert anchor == "files_"
    assert f'id="{anchor}"' in client.get(path).text
