"""What other packages may use of the status page."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import abort
from flask_babel import get_locale

from portal.core.db import db
from portal.directory.api import User
from status_page.banner import StatusLine, status_line
from status_page.enums import OPEN_STATES, UNDER_WAY_STATES, Effect, Impact, IncidentState
from status_page.models import Incident, IncidentUpdate, UpdateImpact, Window
from status_page.permissions import incident_visible_to
from status_page.queries import list_components, list_dependencies, list_visible_incidents
from status_page.services.affected import join_incident
from status_page.services.demo import create_components as create_demo_components
from status_page.services.demo import load_history as load_demo_history

__all__ = [
    "OpenIncident",
    "StatusLine",
    "create_demo_components",
    "list_maintenance_windows",
    "load_demo_history",
    "me_too",
    "open_incidents_for",
    "status_line",
]


@dataclass(frozen=True)
class OpenIncident:
    """An incident, or planned work under way, that touches services somebody asks about."""

    id: int
    title: str
    text: str
    state: IncidentState
    impact: Impact
    is_maintenance: bool
    # Of those asked about: what is affected itself, or needs what is affected.
    service_ids: frozenset[int]
    started_at: datetime
    next_update_at: datetime | None
    affected_people: int
    url: str


def open_incidents_for(service_ids: Collection[int], tokens: Collection[str]) -> list[OpenIncident]:
    """Return what is broken now on these services or on what they need, the worst first.

    Only what readers with these tokens may know is considered. A fixed number of queries.
    """
    components = list_components(tokens)
    asked = {c.id: c.service_id for c in components if c.service_id is not None and c.service_id in set(service_ids)}
    if not asked:
        return []
    needs = _needs({component.id for component in components})
    reached = {component_id: _reached_from(component_id, needs) for component_id in asked}
    incidents = list_visible_incidents(tokens, Incident.state.in_((*OPEN_STATES, *UNDER_WAY_STATES)))
    found = []
    for incident in incidents:
        touched = set(incident.current_impacts)
        services = {asked[component_id] for component_id, needs in reached.items() if needs & touched}
        if services:
            found.append(_open(incident, frozenset(s for s in services if s is not None)))
    order = list(Impact)
    return sorted(
        found, key=lambda item: (-order.index(item.impact) if not item.is_maintenance else 1, item.started_at)
    )


def me_too(incident_id: int, user: User) -> int:
    """Count a person in on an open incident and let them hear of it; returns how many are affected.

    404 when the person may not know of the incident.

    Raises:
        AlreadyOver: the incident is over.
    """
    incident = db.session.scalars(
        sa.select(Incident).where(Incident.id == incident_id, incident_visible_to(user.audience_tokens))
    ).one_or_none()
    return join_incident(incident or abort(404), actor=user)


def list_maintenance_windows(service_id: int, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return when published planned work covered a service between two moments, for service level clocks.

    A window that began or ended otherwise than planned counts as it was; one that was called off before it began does
    not count.
    """
    component_ids = [c.id for c in list_components(with_removed=True) if c.service_id == service_id]
    query = (
        sa.select(Window)
        .join(Incident, Incident.id == Window.incident_id)
        .where(
            Incident.published_at.is_not(None),
            sa.or_(Window.started_at.is_not(None), Incident.state != IncidentState.CANCELLED),
            sa.exists().where(
                UpdateImpact.update_id == IncidentUpdate.id,
                IncidentUpdate.incident_id == Incident.id,
                UpdateImpact.component_id.in_(component_ids),
            ),
        )
        .order_by(Window.starts_at)
    )
    stretches = [(w.started_at or w.starts_at, w.ended_at or w.ends_at) for w in db.session.scalars(query)]
    return [(max(first, start), min(last, end)) for first, last in stretches if last > start and first < end]


def _needs(visible: set[int]) -> dict[int, set[int]]:
    needs: dict[int, set[int]] = defaultdict(set)
    for edge in list_dependencies():
        if edge.effect != Effect.NONE and edge.needs_id in visible:
            needs[edge.component_id].add(edge.needs_id)
    return needs


def _reached_from(component_id: int, needs: dict[int, set[int]]) -> set[int]:
    """Return a component and all it needs."""
    seen: set[int] = set()
    waiting = [component_id]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += needs.get(current, ())
    return seen


def _open(incident: Incident, service_ids: frozenset[int]) -> OpenIncident:
    locale = str(get_locale() or "en")
    return OpenIncident(
        id=incident.id,
        title=incident.title_in(locale),
        text=incident.published_updates[-1].body_in(locale),
        state=incident.state,
        impact=incident.impact,
        is_maintenance=incident.is_maintenance,
        service_ids=service_ids,
        started_at=incident.started_at,
        next_update_at=incident.next_update_at,
        affected_people=incident.affected_people,
        url=f"/status/{locale}/incident-{incident.public_id}.html",
    )
