"""Headings: one outline beneath the title of the page, an anchor on each, and the list of contents."""

import html
from typing import Any

from markdown_it.token import Token

from knowledge.search.passages import Anchors, begins_with_title, inline_text

DEEPEST_IN_CONTENTS = 3
_LINK_TO = {"en": "Link to: {}", "de": "Link zu: {}"}


def outline(tokens: list[Token], *, title: str, language: str, mark: str) -> tuple[list[Token], list[dict[str, Any]]]:
    """Give headings their ids and levels; return the tokens without a first heading that is the title, and the contents.

    The topmost level that occurs becomes 2, because the page's own heading is 1. ``mark`` is put before each id, so
    that the sanitiser can tell them from ids that somebody wrote into the text.
    """
    anchors = Anchors()
    found = [
        (index, anchors.anchor(inline_text(tokens[index + 1]).strip()))
        for index, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    is_titled = begins_with_title(tokens, title)
    if is_titled:
        found.pop(0)
    shift = 2 - min((int(tokens[index].tag[1]) for index, _ in found), default=2)
    contents = []
    for index, anchor in found:
        opening, inline, closing = tokens[index : index + 3]
        level = min(int(opening.tag[1]) + shift, 6)
        opening.tag = closing.tag = f"h{level}"
        opening.attrSet("id", mark + anchor)
        text = inline_text(inline).strip()
        if text:
            _add_link(inline, anchor, text, language)
        if level <= DEEPEST_IN_CONTENTS and opening.level == 0 and text:
            contents.append({"level": level, "id": anchor, "text": text})
    return (tokens[3:] if is_titled else tokens), contents


def _add_link(inline: Token, name: str, text: str, language: str) -> None:
    link = Token("html_inline", "", 0)
    label = html.escape(_LINK_TO.get(language[:2], _LINK_TO["en"]).format(text))
    link.content = f' <a class="heading-anchor" href="#{name}" aria-label="{label}">#</a>'
    if inline.children is not None:
        inline.children.append(link)
