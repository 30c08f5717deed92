"""The state as a small picture, for other sites and wikis."""

from functools import partial

from flask_babel import force_locale
from markupsafe import Markup

from portal.core.texts import gettext
from status_page.board import Board
from status_page.site.items import Item
from status_page.site.words import headline, page_tone

_COLOURS = {"ok": "#1c6f3e", "notice": "#2a579f", "warn": "#855200", "bad": "#ad2620"}
_MOST = 60


def badge(board: Board, locale: str) -> Item:
    return Item(f"{locale}/badge.svg", "", partial(_draw, board, locale))


def _draw(board: Board, locale: str) -> bytes:
    with force_locale(locale):
        label, text = gettext("status"), headline(board, locale)
    text = text if len(text) <= _MOST else text[: _MOST - 1] + "…"
    left, right = 14 + 6.4 * len(label), 16 + 6.6 * len(text)
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="22" role="img" aria-label="{label}: {text}">'
            '<title>{label}: {text}</title><rect width="{total}" height="22" rx="4" fill="#555049"/>'
            '<path d="M{left} 0h{inner}a4 4 0 0 1 4 4v14a4 4 0 0 1-4 4h-{inner}z" fill="{colour}"/>'
            '<g fill="#fff" font-family="system-ui,Verdana,sans-serif" font-size="12">'
            '<text x="7" y="15" textLength="{label_length}">{label}</text>'
            '<text x="{text_x}" y="15" textLength="{text_length}">{text}</text></g></svg>'
        ).format(
            total=round(left + right),
            label=label,
            text=text,
            left=round(left),
            inner=round(right) - 4,
            colour=_COLOURS[page_tone(board)],
            label_length=round(left - 14),
            text_x=round(left) + 8,
            text_length=round(right - 16),
        )
    ).encode()
