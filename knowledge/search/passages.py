"""Cuts Markdown into passages at its headings.

A passage is what is embedded, quoted and linked to, so it must be small enough for the model's window
and must stand under one heading of the article page. ``slugify_heading`` and ``Anchors`` are the one
place that decides what the anchor of a heading is, for the article page and for links from results.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.search.document import Passage, SearchDocument

PASSAGE_CHARACTERS = 800
"""About 200 word pieces of English: with title and heading it fits the model's window of 256."""

PAGE_IDS = frozenset(
    [
        "main",
        "header-search",
        "error-summary",
        "error-summary-title",
        "keys",
        "contents",
        "helpful",
        "preview",
        "form",
        "files",
        "files-title",
        "list",
        "related-title",
        "versions",
        "version-list",
        "difference",
        "comments",
        "title",
        "summary",
        "body",
        "reason",
        "tags",
        "services",
        "audience",
        "language",
        "type",
        "alternative-text",
        "file",
    ]
)
"""Ids that the frame of an article's page uses; a heading of the same name gives way."""

PICTURE = re.compile(r":::image\s([^\n]*?):::(?!:)|:::image-end:::")
"""The picture of Microsoft's documentation, which stands within lines too."""
INCLUDE = re.compile(r"\[!INCLUDE\s*\[[^\]\n]*\]\([^)\n]*\)\]", re.IGNORECASE)
"""Names a piece of text that was never part of the file."""
_LAYOUT = re.compile(r"\[!(?:div|VIDEO)[^\]\n]*\]", re.IGNORECASE)
_ADMONITION = re.compile(r"\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*", re.IGNORECASE)
_CONTAINER = re.compile(r"^[ ]*:::.*$", re.MULTILINE)
"""The lines that open and close an admonition: marks for the page, not words to quote."""
_TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>]*>", re.DOTALL)
_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def slugify_heading(text: str) -> str:
    """The anchor of a heading: lower case, accents dropped, everything but letters and digits one hyphen."""
    plain = text.replace("ß", "ss").replace("ẞ", "ss")
    folded = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", folded.lower()).strip("-") or "section"


class Anchors:
    """Gives the headings of one article distinct anchors, in the order in which they stand."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def anchor(self, heading: str) -> str:
        """The slug of the heading, with ``-2``, ``-3`` and so on when an earlier one has it already.

        No slug ends with an underscore, so one that gives way to the page's own id meets no other.
        """
        slug = slugify_heading(heading)
        if slug in PAGE_IDS:
            slug = f"{slug}_"
        number, candidate = 1, slug
        while candidate in self._used:
            number += 1
            candidate = f"{slug}-{number}"
        self._used.add(candidate)
        return candidate


def inline_text(token: Token) -> str:
    """The words of an inline token as a reader sees them, without marks, addresses and tags."""
    if token.children is None:
        return token.content
    parts = []
    for child in token.children:
        if child.type in ("text", "code_inline") or child.type == "image":
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak") or _BREAK.match(child.content):
            parts.append(" ")
    return _ADMONITION.sub("", "".join(parts))


def begins_with_title(tokens: Sequence[Token], title: str) -> bool:
    """Whether a text begins with its title, which the page shows by itself: its words, or the only first heading."""
    if not tokens or tokens[0].type != "heading_open":
        return False
    said = " ".join(inline_text(tokens[1]).split()).casefold()
    if said == " ".join(title.split()).casefold():
        return True
    return tokens[0].tag == "h1" and sum(t.type == "heading_open" and t.tag == "h1" for t in tokens) == 1


@dataclass
class _Section:
    heading: str
    anchor: str
    blocks: list[str] = field(default_factory=list)


def sections(markdown: str, title: str) -> Iterator[tuple[str, str, list[str]]]:
    """The sections of a text in order: heading, anchor, and the plain text of each block.

    The text before the first heading has an empty heading and an empty anchor; a heading that is the title of the
    page has an empty anchor.
    """
    anchors = Anchors()
    current = _Section("", "")
    for mark in (PICTURE, INCLUDE, _LAYOUT, _CONTAINER):
        markdown = mark.sub("", markdown)
    tokens = _MARKDOWN.parse(markdown)
    is_titled = begins_with_title(tokens, title)
    row: list[str] | None = None
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            if current.blocks or current.heading:
                yield current.heading, current.anchor, current.blocks
            heading = inline_text(tokens[position + 1]).strip()
            anchor = anchors.anchor(heading)
            current = _Section(heading, "" if is_titled and position == 0 else anchor)
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            current.blocks.append(_row_text(row))
            row = None
        elif token.type == "inline" and tokens[position - 1].type != "heading_open":
            (current.blocks if row is None else row).append(inline_text(token).strip())
        elif token.type in ("fence", "code_block"):
            current.blocks.append(token.content)
        elif token.type == "html_block":
            current.blocks.append(_ADMONITION.sub("", html.unescape(_TAG.sub(" ", token.content))))
    if current.blocks or current.heading:
        yield current.heading, current.anchor, current.blocks


def _row_text(cells: Sequence[str]) -> str:
    """A row of a table as it would be said: a passage is quoted as one run of text."""
    said = " – ".join(cell for cell in cells if cell)
    return said if not said or said[-1] in ".!?:;" else f"{said}."


def _pieces(text: str) -> Iterator[str]:
    """A block as pieces of at most the passage size, cut at sentences, else at words, else anywhere."""
    text = " ".join(text.split())
    if len(text) <= PASSAGE_CHARACTERS:
        if text:
            yield text
        return
    for sentence in _SENTENCE_END.split(text):
        rest = sentence
        while len(rest) > PASSAGE_CHARACTERS:
            cut = rest.rfind(" ", PASSAGE_CHARACTERS // 2, PASSAGE_CHARACTERS)
            cut = cut if cut > 0 else PASSAGE_CHARACTERS
            yield rest[:cut]
            rest = rest[cut:].lstrip()
        if rest:
            yield rest


def _packed(blocks: list[str]) -> Iterator[str]:
    """Neighbouring pieces joined as long as they fit into one passage."""
    held: list[str] = []
    size = 0
    for block in blocks:
        for piece in _pieces(block):
            if held and size + len(piece) > PASSAGE_CHARACTERS:
                yield "\n".join(held)
                held, size = [], 0
            held.append(piece)
            size += len(piece) + 1
    if held:
        yield "\n".join(held)


def cut_passages(document: SearchDocument) -> list[Passage]:
    """Cuts the body of a document into passages, at least one, numbered from 0.

    The summary stands in the first passage, where readers expect it. A section without text of its own
    gives no passage: its heading lives on in the titles of the sections below only as far as those name it.
    """
    passages: list[Passage] = []

    def keep(heading: str, anchor: str, text: str) -> None:
        passages.append(Passage(document.id, len(passages), anchor, heading, text))

    if document.summary.strip():
        keep("", "", " ".join(document.summary.split())[:PASSAGE_CHARACTERS])
    for heading, anchor, blocks in sections(document.body, document.title):
        for text in _packed(blocks):
            keep(heading, anchor, text)
    if not passages:
        keep("", "", document.title)
    return passages


def embedding_text(document: SearchDocument, passage: Passage) -> str:
    """What the model reads for a passage: the title and the heading give the context that the text lacks."""
    heading = passage.heading if passage.heading.casefold() != document.title.casefold() else ""
    return "\n".join(part for part in (document.title, heading, passage.text) if part)
