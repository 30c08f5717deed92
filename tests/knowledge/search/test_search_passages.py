from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.document import SearchDocument
from knowledge.search.passages import PASSAGE_CHARACTERS, Anchors, cut_passages, embedding_text, slugify_heading

MARKDOWN = """Opening words.

# Printer & <b>queue</b>

First `code` and [a link](https://example.org) and ![a picture](p.png).

```text
# no heading in here
```

## Steps

| Key | Value |
| --- | --- |
| one | two |

## Steps

> [!NOTE]
> Mind the gap.
"""


def cut(body: str, **values: object) -> list[tuple[str, str, str]]:
    document = SearchDocument(id=1, title="A title", body=body, **values)  # type: ignore[arg-type]
    return [(p.anchor, p.heading, p.text) for p in cut_passages(document)]


def test_text_is_cut_at_headings_and_read_as_people_do() -> None:
    assert cut(MARKDOWN) == [
        ("", "", "Opening words."),
        ("printer-queue", "Printer & queue", "First code and a link and a picture.\n# no heading in here"),
        ("steps", "Steps", "Key – Value.\none – two."),
        ("steps-2", "Steps", "Mind the gap."),
    ]


def test_summary_comes_first_and_an_empty_document_still_has_a_passage() -> None:
    assert cut("Text.", summary="In short.") == [("", "", "In short."), ("", "", "Text.")]
    assert cut("") == [("", "", "A title")]


def test_a_line_break_written_as_a_tag_parts_words() -> None:
    assert cut("| Do |\n| --- |\n| Record<br>Share<BR/>Leave |") == [("", "", "Do.\nRecord Share Leave.")]
    assert cut("One <b>two</b>three") == [("", "", "One twothree")]


def test_title_and_heading_give_the_model_context() -> None:
    document = SearchDocument(id=1, title="Printer", body="# Printer\n\nOne.\n\n## Queue\n\nTwo.")
    assert [embedding_text(document, p) for p in cut_passages(document)] == ["Printer\nOne.", "Printer\nQueue\nTwo."]


def test_slugs_are_plain_and_anchors_distinct() -> None:
    assert slugify_heading("Größe ändern: 10 MB?") == "grosse-andern-10-mb"
    assert slugify_heading("???") == "section"
    anchors = Anchors()
    assert [anchors.anchor(h) for h in ("Steps", "Steps 2", "Steps", "Steps")] == [
        "steps",
        "steps-2",
        "steps-3",
        "steps-4",
    ]


@given(st.text(max_size=4000))
def test_every_text_gives_passages_of_a_size(body: str) -> None:
    passages = cut_passages(SearchDocument(id=1, title="t", body=body))
    assert passages
    assert [p.ordinal for p in passages] == list(range(len(passages)))
    assert all(0 < len(p.text) <= 2 * PASSAGE_CHARACTERS for p in passages)


def test_a_long_run_without_spaces_is_cut_all_the_same() -> None:
    assert max(len(text) for _, _, text in cut("x" * 10_000)) <= PASSAGE_CHARACTERS
