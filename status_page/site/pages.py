"""The HTML pages of the site in one language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from itertools import groupby
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import current_app
from flask_babel import force_locale

from portal.core.settings import LOCALES
from portal.core.web.i18n import LANGUAGE_NAMES
from status_page.board import Board, BoardComponent
from status_page.models import Incident, Window
from status_page.queries import ArchiveRow, list_visible_incidents, list_windows
from status_page.site import words
from status_page.site.bars import draw_bars, troubles
from status_page.site.items import Item, digest
from status_page.site.look import css_version, icon_data, look_version, script_version

# Beyond this many the overview lists states only; the bars stand on each component's own page.
MOST_BARS = 80
_CALENDAR_DAYS = 400


@dataclass(frozen=True)
class Site:
    """What every page of one language is made of."""

    board: Board
    locale: str
    archive: Sequence[ArchiveRow]

    @cached_property
    def look(self) -> str:
        """Names everything but its own content that a page shows."""
        names = [(c.id, c.name_in(self.locale)) for c in self.board.known.values()]
        return digest(look_version(), self.locale, self.board.organisation, self.board.zone.key, names)

    def month_of(self, moment: datetime) -> str:
        return moment.astimezone(self.board.zone).strftime("%Y-%m")


def list_pages(site: Site) -> Iterator[Item]:
    """Yield every HTML page of a language; what is made when it is asked for reads what it shows then."""
    board, locale = site.board, site.locale
    yield Item(f"{locale}/index.html", "", partial(_index, site))
    yield Item(f"{locale}/banner.html", "", partial(_banner, site))
    yield Item(f"{locale}/maintenance.html", "", partial(_maintenance, site))
    today = board.at.astimezone(board.zone).date()
    for component in board.components:
        state = digest(site.look, today, component.segments, component.row.updated_at, component.needs, _weights(board))
        yield Item(f"{locale}/component-{component.row.key}.html", state, partial(_component, site, component))
    overdue = {incident.id for incident in board.open_incidents if incident.is_overdue(board.at)}
    for row in site.archive:
        source = digest(site.look, row.id, row.edition, row.id in overdue)
        yield Item(f"{locale}/incident-{row.public_id}.html", source, partial(_incident, site, row))
    yield from _months(site)


def _months(site: Site) -> Iterator[Item]:
    months = {month: list(rows) for month, rows in groupby(site.archive, key=lambda row: site.month_of(row.started_at))}
    current = site.month_of(site.board.at)
    months.setdefault(current, [])
    # Work that is planned for later months stands in the calendar, not in the history.
    ordered = sorted(month for month in months if month <= current)
    for index, month in enumerate(ordered):
        older = ordered[index - 1] if index else None
        newer = ordered[index + 1] if index + 1 < len(ordered) else None
        rows = months[month]
        source = digest(site.look, month, older, newer, [(row.id, row.edition) for row in rows])
        render = partial(_history, site, month, rows, older, newer)
        yield Item(f"{site.locale}/history-{month}.html", source, render)
        if month == current:
            yield Item(f"{site.locale}/history.html", source, partial(_history, site, month, rows, older, newer))


def _index(site: Site) -> bytes:
    board = site.board
    return _render(
        site,
        "index.html",
        headline=_spoken(site.locale, words.headline, board, site.locale),
        tone=words.page_tone(board),
        with_bars=len(board.components) <= MOST_BARS,
        end_of=lambda incident: _current_window(incident).ends_at,
        next_window=_current_window,
    )


def _banner(site: Site) -> bytes:
    headline = _spoken(site.locale, words.headline, site.board, site.locale)
    return _render(site, "banner.html", headline=headline, tone=words.page_tone(site.board))


def _incident(site: Site, row: ArchiveRow) -> bytes:
    [incident] = list_visible_incidents(site.board.tokens, Incident.id == row.id)
    return _render(site, "incident.html", file=f"incident-{row.public_id}.html", incident=incident)


def _component(site: Site, component: BoardComponent) -> bytes:
    about = [item for item in site.board.incidents if component.row in site.board.affected(item)]
    file = f"component-{component.row.key}.html"
    return _render(site, "component.html", file=file, component=component, incidents=about[:20])


def _history(site: Site, month: str, rows: Sequence[ArchiveRow], older: str | None, newer: str | None) -> bytes:
    ids = [row.id for row in rows]
    incidents = list_visible_incidents(site.board.tokens, Incident.id.in_(ids)) if ids else []
    return _render(
        site,
        "history.html",
        file=f"history-{month}.html",
        incidents=incidents,
        month_name=_month_label(month, site.locale),
        month_label=partial(_month_label, locale=site.locale),
        older=older,
        newer=newer,
    )


def _maintenance(site: Site) -> bytes:
    board = site.board
    incidents = {item.id: item for item in board.incidents if item.is_open}
    windows = list_windows(board.tokens, board.at, board.at + timedelta(days=_CALENDAR_DAYS))
    entries = [(window, incidents[window.incident_id]) for window in windows if window.incident_id in incidents]
    when = words.Moments(site.locale, board.zone, board.at)
    days = [(day, list(found)) for day, found in groupby(entries, key=lambda entry: when.day(entry[0].starts_at))]
    return _render(site, "maintenance.html", days=days)


def _render(site: Site, template: str, **context: Any) -> bytes:
    with force_locale(site.locale):
        text = current_app.jinja_env.get_template(f"status_page/public/{template}").render(
            board=site.board,
            locale=site.locale,
            locales=LOCALES,
            language_names=LANGUAGE_NAMES,
            file=context.pop("file", template),
            when=words.Moments(site.locale, site.board.zone, site.board.at),
            css_version=css_version(),
            script_version=script_version(),
            icon_data=icon_data(),
            tones=words.TONES,
            state_word=words.state_word,
            stage_word=words.stage_word,
            own_words=words.own_words,
            impact_tone=words.impact_tone,
            paragraphs=words.paragraphs,
            draw_bars=draw_bars,
            troubles=troubles,
            percent=partial(_percent, locale=site.locale),
            **context,
        )
    return text.encode()


def _spoken(locale: str, say: Any, *arguments: Any) -> str:
    with force_locale(locale):
        return str(say(*arguments))


def _current_window(incident: Incident) -> Window:
    return next((window for window in incident.windows if window.ended_at is None), incident.windows[-1])


def _percent(share: float, locale: str) -> str:
    # Cut, not rounded: a page that was down never says 100 %.
    hundredths = int(share * 10_000 + 1e-6)
    return f"{format_decimal(hundredths / 100, '0.00', locale=locale)} %"


def _month_label(month: str, locale: str) -> str:
    year, number = month.split("-")
    return str(format_date(datetime(int(year), int(number), 1, tzinfo=UTC), "MMMM yyyy", locale=locale))


def _weights(board: Board) -> tuple[int, int, int]:
    return board.page.weight_degraded, board.page.weight_partial, board.page.weight_major
