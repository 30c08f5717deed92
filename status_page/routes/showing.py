"""What the portal's own pages need to speak of states as the public page does."""

from functools import partial
from typing import Any

from status_page.board import Board
from status_page.site import words
from status_page.site.bars import draw_bars

_ICONS = {"ok": "circle-check", "notice": "tool", "warn": "alert-triangle", "bad": "alert-circle"}


def words_for(board: Board | None, locale: str) -> dict[str, Any]:
    """Return words, tones and icons for a template; with a board also its headline."""
    found: dict[str, Any] = {
        "tones": words.TONES,
        "state_word": words.state_word,
        "stage_word": words.stage_word,
        "own_words": words.own_words,
        "impact_tone": words.impact_tone,
        "paragraphs": words.paragraphs,
        "state_icons": _ICONS,
    }
    if board is not None:
        moments = words.Moments(locale, board.zone, board.at)
        found |= {
            "headline": words.headline(board, locale),
            "tone": words.page_tone(board),
            "bars": partial(draw_bars, moments=moments),
        }
    return found
