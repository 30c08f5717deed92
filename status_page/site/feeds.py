"""Feeds of a language: Atom, RSS, JSON Feed, and planned work as iCalendar."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime as rfc822
from functools import partial
from xml.etree import ElementTree as ET

from flask import current_app
from flask_babel import force_locale

from portal.core.settings import Settings
from portal.core.texts import gettext
from status_page.board import Board
from status_page.models import Incident
from status_page.queries import list_visible_incidents, list_windows
from status_page.site.items import Item
from status_page.site.words import Moments, own_words, paragraphs, stage_word, state_word

MOST_ENTRIES = 25
_ATOM = "http://www.w3.org/2005/Atom"
# Not made by adding four bytes at a time: lines of iCalendar end at 75 octets.
_LINE = 73


def list_feeds(board: Board, locale: str) -> Iterator[Item]:
    """Yield the feeds of a language; an entry is an incident with all its updates, moved up by each new one."""
    incidents = sorted(list_visible_incidents(board.tokens, limit=MOST_ENTRIES), key=_changed, reverse=True)
    yield Item(f"{locale}/feed.atom", "", partial(_atom, board, incidents, locale))
    yield Item(f"{locale}/feed.rss", "", partial(_rss, board, incidents, locale))
    yield Item(f"{locale}/feed.json", "", partial(_json, board, incidents, locale))
    yield Item(f"{locale}/maintenance.ics", "", partial(_calendar, board, locale))


def _atom(board: Board, incidents: Sequence[Incident], locale: str) -> bytes:
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"xml:lang": locale})
    add = partial(_child, namespace=_ATOM)
    add(feed, "id", _address(f"/status/{locale}/"))
    add(feed, "title", _title(board, locale))
    add(feed, "updated", _rfc3339(max((_changed(item) for item in incidents), default=board.page.changed_at)))
    add(feed, "link", rel="self", href=_address(f"/status/{locale}/feed.atom"))
    add(feed, "link", rel="alternate", type="text/html", href=_address(f"/status/{locale}/"))
    add(add(feed, "author"), "name", board.organisation)
    for incident in incidents:
        entry = add(feed, "entry")
        add(entry, "id", _link(incident, locale))
        add(entry, "title", incident.title_in(locale))
        add(entry, "published", _rfc3339(incident.published_at or incident.started_at))
        add(entry, "updated", _rfc3339(_changed(incident)))
        add(entry, "link", rel="alternate", type="text/html", href=_link(incident, locale))
        add(entry, "content", _content(board, incident, locale), type="html")
    return _xml(feed)


def _rss(board: Board, incidents: Sequence[Incident], locale: str) -> bytes:
    rss = ET.Element("rss", {"version": "2.0"})
    channel = _child(rss, "channel")
    _child(channel, "title", _title(board, locale))
    _child(channel, "link", _address(f"/status/{locale}/"))
    _child(channel, "description", _title(board, locale))
    _child(channel, "language", locale)
    _child(channel, "lastBuildDate", rfc822(max((_changed(i) for i in incidents), default=board.page.changed_at)))
    for incident in incidents:
        item = _child(channel, "item")
        _child(item, "title", incident.title_in(locale))
        _child(item, "link", _link(incident, locale))
        _child(item, "guid", _link(incident, locale), isPermaLink="true")
        _child(item, "pubDate", rfc822(_changed(incident)))
        _child(item, "description", _content(board, incident, locale))
    return _xml(rss)


def _json(board: Board, incidents: Sequence[Incident], locale: str) -> bytes:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(board, locale),
        "home_page_url": _address(f"/status/{locale}/"),
        "feed_url": _address(f"/status/{locale}/feed.json"),
        "language": locale,
        "items": [
            {
                "id": _link(incident, locale),
                "url": _link(incident, locale),
                "title": incident.title_in(locale),
                "content_html": _content(board, incident, locale),
                "date_published": _rfc3339(incident.published_at or incident.started_at),
                "date_modified": _rfc3339(_changed(incident)),
                "tags": [component.name_in(locale) for component in board.affected(incident)],
            }
            for incident in incidents
        ],
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _calendar(board: Board, locale: str) -> bytes:
    incidents = {item.id: item for item in board.incidents if item.is_maintenance}
    windows = list_windows(board.tokens, board.at - timedelta(days=90), board.at + timedelta(days=800))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Portico//Status page//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(_title(board, locale))}",
    ]
    for window in windows:
        incident = incidents.get(window.incident_id)
        if incident is None:
            continue
        lines += [
            "BEGIN:VEVENT",
            f"UID:{incident.public_id}-{window.id}@{PRODUCT}",
            f"DTSTAMP:{_stamp(_changed(incident))}",
            f"SEQUENCE:{incident.edition}",
            f"DTSTART:{_stamp(window.started_at or window.starts_at)}",
            f"DTEND:{_stamp(max(window.ended_at or window.ends_at, (window.started_at or window.starts_at)))}",
            f"SUMMARY:{_escaped(incident.title_in(locale))}",
            f"DESCRIPTION:{_escaped(', '.join(c.name_in(locale) for c in board.affected(incident)))}",
            f"URL:{_link(incident, locale)}",
            f"STATUS:{'CANCELLED' if incident.state == 'cancelled' else 'CONFIRMED'}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


PRODUCT = "status.portico"


def _content(board: Board, incident: Incident, locale: str) -> str:
    when = Moments(locale, board.zone, board.at)
    parts = []
    with force_locale(locale):
        for update in reversed(incident.published_updates):
            head = f"<p><strong>{stage_word(update.state)}</strong> · {when.dated(update.happened_at)}</p>"
            states = "".join(
                f"<li>{_text(c.name_in(locale))}: {state_word(s)}</li>" for c, s in board.impacts_of(update)
            )
            body = paragraphs(update.body_in(locale) or own_words(update.state))
            parts.append(f"{head}{body}{f'<ul>{states}</ul>' if states else ''}")
    return "".join(parts)


def _title(board: Board, locale: str) -> str:
    with force_locale(locale):
        return gettext("%(organisation)s: service status", organisation=board.organisation)


def _changed(incident: Incident) -> datetime:
    moments = [update.published_at or update.created_at for update in incident.published_updates]
    moments += [correction.at for update in incident.published_updates for correction in update.corrections]
    return max(moments, default=incident.started_at)


def _link(incident: Incident, locale: str) -> str:
    return _address(f"/status/{locale}/incident-{incident.public_id}.html")


def _address(path: str) -> str:
    settings: Settings = current_app.extensions["portico_settings"]
    return settings.base_url + path


def _child(
    parent: ET.Element, name: str, text: str | None = None, namespace: str = "", **attributes: str
) -> ET.Element:
    child = ET.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name, attributes)
    # Characters that XML knows no way to write are dropped.
    child.text = None if text is None else "".join(c for c in text if c >= " " or c in "\t\n\r")
    return child


def _xml(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _text(value: str) -> str:
    return str(paragraphs(value)).removeprefix("<p>").removesuffix("</p>")


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _folded(line: str) -> str:
    """Break a line at 75 octets, never inside a character."""
    pieces, current = [], ""
    for character in line:
        if len((current + character).encode()) > _LINE:
            pieces.append(current)
            current = ""
        current += character
    return "\r\n ".join([*pieces, current])
