"""The state of everything in one line, for the top of every page of the portal: one query."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import get_locale
from flask_login import current_user
from werkzeug.local import LocalProxy

from portal.core.db import db
from portal.core.texts import gettext
from portal.core.web.remembering import remembered
from status_page.enums import OPEN_STATES, UNDER_WAY_STATES, ComponentState, SpanSource
from status_page.models import Component, Incident, Span
from status_page.permissions import component_visible_to, incident_visible_to
from status_page.site.words import TONES, trouble


@dataclass(frozen=True)
class StatusLine:
    """What stands at the top: ``state`` is ok, notice, warn or bad."""

    state: str
    text: str
    url: str


def status_line(tokens: Collection[str]) -> StatusLine:
    """Return the state of all services as readers with these tokens may know it, in the language of the moment.

    The line names where the trouble is; what only feels it through a dependency stands on the status page itself.
    """
    locale = str(get_locale() or "en")
    url = f"/status/{locale}/"
    states, open_titles = _read(tokens, locale)
    worst = max(states.values(), key=lambda state: state.rank, default=ComponentState.OPERATIONAL)
    if worst.rank > ComponentState.UNDER_MAINTENANCE.rank:
        names = [name for name, state in states.items() if state == worst]
        return StatusLine(TONES[worst], trouble(names, worst), url)
    if open_titles:
        return StatusLine("notice", open_titles[0], url)
    if worst == ComponentState.UNDER_MAINTENANCE:
        return StatusLine("notice", gettext("Planned work is under way"), url)
    return StatusLine("ok", gettext("All systems work"), url)


def status_line_for_templates() -> dict[str, Any]:
    """Give the frame its line; it is read only where the frame shows it, and left out while all is well."""
    return {"status_line": LocalProxy(_line_when_needed)}


def _line_when_needed() -> StatusLine | None:
    tokens = current_user.audience_tokens
    line = remembered(lambda: status_line(tokens), "status line", tokens, str(get_locale()))
    return None if line.state == "ok" else line


def _read(tokens: Collection[str], locale: str) -> tuple[dict[str, ComponentState], list[str]]:
    visible = sa.select(Incident.id).where(incident_visible_to(tokens))
    spans = (
        sa.select(Component.name, Component.translations, Span.state, Span.source)
        .join(Component, Component.id == Span.component_id)
        .where(
            Span.ended_at.is_(None),
            Component.removed_at.is_(None),
            component_visible_to(tokens),
            sa.or_(Span.incident_id.is_(None), Span.incident_id.in_(visible)),
        )
    )
    incidents = sa.select(Incident.title, Incident.translations, sa.null(), sa.null()).where(
        Incident.state.in_((*OPEN_STATES, *UNDER_WAY_STATES)), incident_visible_to(tokens)
    )
    found: dict[str, list[tuple[SpanSource, ComponentState]]] = defaultdict(list)
    titles = []
    rows: Any = db.session.execute(sa.union_all(spans, incidents))
    for name, translations, state, source in rows:
        own = translations.get(locale, {})
        if state is None:
            titles.append(own.get("title") or name)
        else:
            found[own.get("name") or name].append((source, state))
    return {name: _decided(reasons) for name, reasons in sorted(found.items())}, titles


def _decided(reasons: list[tuple[SpanSource, ComponentState]]) -> ComponentState:
    override = [state for source, state in reasons if source == SpanSource.OVERRIDE]
    return override[0] if override else max((state for _, state in reasons), key=lambda state: state.rank)
