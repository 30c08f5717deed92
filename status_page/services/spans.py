"""The spans an incident or a maintenance leaves on its components, always made anew from its record."""

from datetime import datetime

import sqlalchemy as sa

from portal.core.db import db
from status_page.enums import ComponentState, Impact, SpanSource
from status_page.impacts import worst_impact
from status_page.models import Incident, Span


def rebuild(incident: Incident) -> None:
    """Replace the spans of an incident by those its published updates and windows tell of; also sets its impact.

    Because nothing is patched, a back-dated or corrected entry moves the history and the bars along by itself.
    """
    db.session.execute(sa.delete(Span).where(Span.incident_id == incident.id))
    pieces = _of_windows(incident) if incident.is_maintenance else _of_updates(incident)
    source = SpanSource.MAINTENANCE if incident.is_maintenance else SpanSource.INCIDENT
    for component_id, state, start, end in pieces:
        db.session.add(
            Span(
                component_id=component_id,
                source=source,
                incident_id=incident.id,
                state=state,
                started_at=start,
                ended_at=end,
            )
        )
    if incident.is_maintenance:
        incident.impact = incident.peak_impact = Impact.MAINTENANCE
        return
    incident.impact = worst_impact(incident.current_impacts.values())
    incident.peak_impact = worst_impact(item.state for update in incident.published_updates for item in update.impacts)


def _of_updates(incident: Incident) -> list[tuple[int, ComponentState, datetime, datetime | None]]:
    open_pieces: dict[int, tuple[ComponentState, datetime]] = {}
    found: list[tuple[int, ComponentState, datetime, datetime | None]] = []
    for update in incident.published_updates:
        told = {item.component_id: item.state for item in update.impacts}
        for component_id in open_pieces.keys() | told.keys():
            state = told.get(component_id, ComponentState.OPERATIONAL)
            before = open_pieces.get(component_id)
            if before is not None and before[0] == state:
                continue
            if before is not None:
                found.append((component_id, *before, update.happened_at))
                del open_pieces[component_id]
            if state != ComponentState.OPERATIONAL:
                open_pieces[component_id] = (state, update.happened_at)
    found += [(component_id, *piece, incident.ended_at) for component_id, piece in open_pieces.items()]
    return found


def _of_windows(incident: Incident) -> list[tuple[int, ComponentState, datetime, datetime | None]]:
    return [
        (component_id, ComponentState.UNDER_MAINTENANCE, window.started_at, window.ended_at)
        for window in incident.windows
        if window.started_at is not None
        for component_id in incident.current_impacts
    ]
