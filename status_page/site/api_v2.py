"""The page as JSON in the shape of the Statuspage API v2, so that existing clients and dashboards work."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import current_app

from portal.core.settings import Settings
from status_page.board import Board, BoardComponent
from status_page.enums import (
    OPEN_STATES,
    UNDER_WAY_STATES,
    ComponentState,
    Impact,
    IncidentKind,
    IncidentState,
)
from status_page.models import Component, Incident, IncidentUpdate
from status_page.queries import list_visible_incidents
from status_page.site.items import Item
from status_page.site.words import own_words

PAGE_ID = "portico"
MOST_LISTED = 50
_DESCRIPTIONS = {
    Impact.NONE: "All Systems Operational",
    Impact.MINOR: "Minor Service Outage",
    Impact.MAJOR: "Partial System Outage",
    Impact.CRITICAL: "Major System Outage",
    Impact.MAINTENANCE: "Service Under Maintenance",
}


def list_documents(board: Board) -> Iterator[Item]:
    """Yield the documents of the API; names and texts are in the language they were first written in."""
    page = {"page": page_fields(board)}
    recent = list_visible_incidents(board.tokens, Incident.kind == IncidentKind.INCIDENT, limit=MOST_LISTED)
    works = list_visible_incidents(board.tokens, Incident.kind == IncidentKind.MAINTENANCE, limit=MOST_LISTED)
    unresolved = [item for item in board.incidents if item.state in OPEN_STATES]
    upcoming = [item for item in board.incidents if item.state == IncidentState.SCHEDULED]
    active = [item for item in board.incidents if item.state in UNDER_WAY_STATES]
    status = {"status": {"indicator": board.impact, "description": _DESCRIPTIONS[board.impact]}}
    components = {"components": component_list(board)}
    shown = partial(_incidents, board)
    documents: dict[str, dict[str, Any]] = {
        "status": page | status,
        "components": page | components,
        "summary": page
        | components
        | {"incidents": shown(unresolved), "scheduled_maintenances": shown([*active, *upcoming])}
        | status,
        "incidents": page | {"incidents": shown(recent)},
        "incidents/unresolved": page | {"incidents": shown(unresolved)},
        "scheduled-maintenances": page | {"scheduled_maintenances": shown(works)},
        "scheduled-maintenances/upcoming": page | {"scheduled_maintenances": shown(upcoming)},
        "scheduled-maintenances/active": page | {"scheduled_maintenances": shown(active)},
    }
    for name, document in documents.items():
        yield Item(f"api/v2/{name}.json", "", partial(_encode, document))


def page_fields(board: Board) -> dict[str, Any]:
    return {
        "id": PAGE_ID,
        "name": board.organisation,
        "url": _address(""),
        "time_zone": board.zone.key,
        "updated_at": _moment(board.page.changed_at),
    }


def component_list(board: Board) -> list[dict[str, Any]]:
    """Return groups and components; a group is a component that names its members, as published there."""
    found: list[dict[str, Any]] = []
    for number, (group, members) in enumerate(board.sections, start=1):
        if group is not None:
            worst = max((member.state for member in members), key=lambda state: state.rank)
            found.append(
                _component_fields(group, worst, number, group_id=None)
                | {"group": True, "components": [member.row.public_id for member in members]}
            )
        for position, member in enumerate(members, start=1):
            found.append(_component(member, position, group.public_id if group else None))
    return found


def component_fields(board: Board, component: Component) -> dict[str, Any]:
    """Return one component as the list shows it."""
    return next(item for item in component_list(board) if item["id"] == component.public_id)


def incident_fields(board: Board, incident: Incident) -> dict[str, Any]:
    """Return one incident or maintenance with its updates, the latest first."""
    published = incident.published_updates
    changed = max((update.published_at or update.created_at for update in published), default=incident.updated_at)
    watched = next((u.happened_at for u in reversed(published) if u.state == IncidentState.MONITORING), None)
    states = {item.row.id: item.state for item in board.components}
    fields = {
        "id": incident.public_id,
        "name": incident.title,
        "status": _status(incident.state),
        "created_at": _moment(incident.created_at),
        "updated_at": _moment(changed),
        "monitoring_at": _moment(watched),
        "resolved_at": _moment(incident.ended_at),
        "impact": board.impact_of(incident),
        "shortlink": _address(f"/status/en/incident-{incident.public_id}.html"),
        "started_at": _moment(incident.started_at),
        "page_id": PAGE_ID,
        "incident_updates": _updates(board, incident),
        "components": [
            _component_fields(c, states.get(c.id, ComponentState.OPERATIONAL), c.position, group_id=_group_id(c))
            for c in board.affected(incident)
        ],
        "reminder_intervals": None,
    }
    if incident.is_maintenance:
        window = next((w for w in incident.windows if w.ended_at is None), incident.windows[-1])
        fields |= {"scheduled_for": _moment(window.starts_at), "scheduled_until": _moment(window.ends_at)}
    return fields


def _incidents(board: Board, incidents: Sequence[Incident]) -> list[dict[str, Any]]:
    return [incident_fields(board, incident) for incident in incidents]


def _updates(board: Board, incident: Incident) -> list[dict[str, Any]]:
    found = []
    before: dict[int, ComponentState] = {}
    for update in incident.published_updates:
        found.append(_update(board, incident, update, before))
        before = {item.component_id: item.state for item in update.impacts}
    return found[::-1]


def _update(
    board: Board, incident: Incident, update: IncidentUpdate, before: dict[int, ComponentState]
) -> dict[str, Any]:
    affected = [
        {
            "code": component.public_id,
            "name": component.name,
            "old_status": before.get(component.id, ComponentState.OPERATIONAL),
            "new_status": state,
        }
        for component, state in board.impacts_of(update)
    ]
    return {
        "id": update.public_id,
        "status": _status(update.state),
        "body": update.body or own_words(update.state),
        "incident_id": incident.public_id,
        "created_at": _moment(update.created_at),
        "updated_at": _moment(update.corrections[-1].at if update.corrections else update.published_at),
        "display_at": _moment(update.happened_at),
        "affected_components": affected or None,
        "deliver_notifications": update.notifies,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _component(member: BoardComponent, position: int, group_id: str | None) -> dict[str, Any]:
    return _component_fields(member.row, member.state, position, group_id=group_id)


def _component_fields(row: Any, state: ComponentState, position: int, *, group_id: str | None) -> dict[str, Any]:
    observed = getattr(row, "observed_since", None)
    return {
        "id": row.public_id,
        "name": row.name,
        "status": state,
        "created_at": _moment(row.created_at),
        "updated_at": _moment(row.updated_at),
        "position": position,
        "description": getattr(row, "description", "") or None,
        "showcase": bool(getattr(row, "shows_uptime", False)),
        "start_date": observed.date().isoformat() if observed else None,
        "group_id": group_id,
        "page_id": PAGE_ID,
        "group": False,
        "only_show_if_degraded": False,
    }


def _group_id(component: Component) -> str | None:
    return component.group.public_id if component.group else None


def _status(state: IncidentState) -> str:
    # The published words know no cancelled maintenance.
    return IncidentState.COMPLETED if state == IncidentState.CANCELLED else state


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def _address(path: str) -> str:
    settings: Settings = current_app.extensions["portico_settings"]
    return settings.base_url + path


def _encode(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
