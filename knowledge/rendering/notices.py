"""Notices: ``::: note`` blocks and quotes that begin with ``[!NOTE]``."""

import html
import re

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

KINDS = ("note", "tip", "important", "warning", "caution", "danger")
_TITLES = {
    "en": ("Note", "Tip", "Important", "Warning", "Caution", "Danger"),
    "de": ("Hinweis", "Tipp", "Wichtig", "Warnung", "Vorsicht", "Gefahr"),
}
_MARK = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION|DANGER)\][ \t]*\n?", re.IGNORECASE)
# Layout instructions of Microsoft's documentation: they say nothing to a reader.
_LAYOUT = re.compile(r"\[!div[^\]\n]*\][ \t]*\n?|\[!VIDEO\s+(?=https://)", re.IGNORECASE)


def notice_title(kind: str, language: str, given: str = "") -> str:
    """Return the beginning of a notice with its title in the language of the article."""
    titles = _TITLES.get(language[:2], _TITLES["en"])
    title = html.escape(given or titles[KINDS.index(kind)])
    return f'<div class="admonition {kind}"><p class="admonition-title">{title}</p>\n'


def turn_quotes_into_notices(state: StateCore) -> None:
    """Turn each quote that begins with a mark into the same tokens as a ``:::`` block; drop layout marks."""
    tokens = state.tokens
    for index, token in enumerate(tokens):
        if token.type != "blockquote_open" or index + 2 >= len(tokens) or tokens[index + 2].type != "inline":
            continue
        inline = tokens[index + 2]
        mark = _MARK.match(inline.content)
        if mark:
            inline.content = inline.content[mark.end() :]
            _become_notice(tokens, index, mark[1].lower())
        elif layout := _LAYOUT.match(inline.content):
            inline.content = inline.content[layout.end() :].removesuffix("]" if "VIDEO" in layout[0].upper() else "")


def _become_notice(tokens: list[Token], index: int, kind: str) -> None:
    opening = tokens[index]
    close = next(
        position
        for position in range(index + 1, len(tokens))
        if tokens[position].type == "blockquote_close" and tokens[position].level == opening.level
    )
    opening.type, opening.info = f"container_{kind}_open", kind
    tokens[close].type = f"container_{kind}_close"
    if not tokens[index + 2].content:
        for position in (index + 1, index + 3):
            tokens[position].hidden = True
