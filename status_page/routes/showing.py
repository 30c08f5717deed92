"""What the portal's own pages need to speak of states as the public page does."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import force_locale

from portal.core.web.i18n import LANGUAGE_NAMES
from status_page.board import Board
from status_page.enums import IncidentState
from status_page.forms.components import TemplateForm
from status_page.forms.fields import audience_choices
from status_page.forms.incidents import UpdateForm
from status_page.models import Incident
from status_page.services.templates import fill, find_unfilled
from status_page.site import words
from status_page.site.bars import draw_bars

_ICONS = {"ok": "circle-check", "notice": "tool", "warn": "alert-triangle", "bad": "alert-circle"}


@dataclass(frozen=True)
class Preview:
    """How a text would read in one language."""

    language: str
    title: str
    stage: str
    body: str
    impacts: list[tuple[str, str]]
    next_update_at: datetime | None
    unfilled: list[str]


def preview_of(form: UpdateForm, incident: Incident | None = None) -> list[Preview]:
    """Return what readers of each language would see; a language without a text of its own reads the English one."""
    found = []
    state = IncidentState(form.state.data) if form.state.data in list(IncidentState) else IncidentState.INVESTIGATING
    told = form.impacts()
    for locale, name in LANGUAGE_NAMES.items():
        suffix = "" if locale == "en" else f"_{locale}"
        body = form[f"body{suffix}"].data or form.body.data or ""
        if incident is not None:
            title = incident.title_in(locale)
        else:
            title = form[f"title{suffix}"].data or form["title"].data or ""
        with force_locale(locale):
            stage = words.stage_word(state)
            impacts = [
                (item.name_in(locale), words.state_word(told[item.id])) for item in form.components if item.id in told
            ]
        unfilled = find_unfilled(f"{title} {body}")
        found.append(Preview(name, title, stage, body, impacts, form.next_update_at.data, unfilled))
    return found


def template_preview(form: TemplateForm, *, service: str) -> list[Preview]:
    """Return a prepared text in each language, with examples for the variables that are filled in by themselves."""
    values = {"service": service, "since": "09:15", "next_update": "10:30"}
    found = []
    for locale, name in LANGUAGE_NAMES.items():
        suffix = "" if locale == "en" else f"_{locale}"
        title = fill(form[f"title{suffix}"].data or form.title.data or "", values)
        body = fill(form[f"body{suffix}"].data or form.body.data or "", values)
        with force_locale(locale):
            stage = words.stage_word(IncidentState(form.state.data)) if form.state.data in list(IncidentState) else ""
        found.append(Preview(name, title, stage, body, [], None, find_unfilled(f"{title} {body}")))
    return found


def readers_in_words(incident: Incident) -> list[str]:
    """Return who may read of an incident, in words."""
    names = {choice.value: choice.label for choice in audience_choices()}
    return [names.get(token, token) for token in sorted(incident.audience)]


def ticket_links(incident: Incident) -> list[tuple[str, str]]:
    """Return the tickets an incident names, each with its address where it is a number of this portal."""
    return [
        (f"#{number}" if number.isdigit() else number, f"/tickets/{number}" if number.isdigit() else "")
        for number in incident.ticket_references
    ]


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
