"""Taking over the history of another status page from a JSON export in the Statuspage shape."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from typing import Any

import sqlalchemy as sa

from portal.core.audit.services import record
from portal.core.db import db
from portal.core.texts import gettext
from portal.directory.api import User
from status_page.enums import (
    INCIDENT_STATES,
    MAINTENANCE_STATES,
    OVER_STATES,
    ComponentState,
    Event,
    IncidentKind,
    IncidentState,
    Publication,
)
from status_page.models import Component, Incident, IncidentUpdate, UpdateImpact, Window
from status_page.queries import list_components
from status_page.services.components import create_component
from status_page.services.incidents import set_audience
from status_page.services.page import new_public_id, touch
from status_page.services.refusals import ConfigurationRefused
from status_page.services.spans import rebuild

_BREAK = re.compile(r"<\s*(br|/p)\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{1,500}>")


@dataclass
class ImportReport:
    """What became of each incident of the export."""

    created: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)


def import_history(text: str, *, actor: User | None) -> ImportReport:
    """Take over the incidents and maintenances of an export that are over; a second run changes nothing.

    Components are found by their name and made when they are not there. Nobody is told of any of it.

    Raises:
        ConfigurationRefused: the text is not such an export.
    """
    try:
        document = json.loads(text)
        entries = [*document.get("incidents", []), *document.get("scheduled_maintenances", [])]
    except (ValueError, AttributeError, TypeError):
        raise ConfigurationRefused(gettext("This is not a JSON export with “incidents”.")) from None
    report = ImportReport()
    components = {component.name: component for component in list_components()}
    known = set(db.session.scalars(sa.select(Incident.imported_key).where(Incident.imported_key.is_not(None))))
    for entry in entries:
        name = str(entry.get("name", "?")) if isinstance(entry, dict) else "?"
        try:
            if f"statuspage:{entry['id']}" in known:
                report.known += 1
                continue
            with db.session.begin_nested():
                _take(entry, components, actor)
            report.created += 1
        except (KeyError, TypeError, ValueError) as error:
            report.refused.append(gettext("“%(name)s” was left out: %(error)s", name=name, error=_sentence(error)))
    if report.created:
        touch()
    return report


class _NotTaken(ValueError):
    """An entry cannot be taken over, for a reason that is told in words."""


def _sentence(error: Exception) -> str:
    """Return what is wrong with an entry, for whoever has to mend the file."""
    if isinstance(error, KeyError):
        return gettext("the field “%(name)s” is missing.", name=error.args[0])
    if isinstance(error, _NotTaken):
        return str(error)
    return gettext("a field holds something else than an export does (%(error)s).", error=str(error))


def _state(value: Any, known: Iterable[IncidentState]) -> IncidentState:
    if value not in list(known):
        raise _NotTaken(gettext("“%(state)s” is not a status that is known here.", state=value))
    return IncidentState(value)


def _take(entry: dict[str, Any], components: dict[str, Component], actor: User | None) -> None:
    state = _state(entry["status"], IncidentState)
    if state not in OVER_STATES:
        raise _NotTaken(gettext("it is not over yet; only what is over is taken over."))
    is_work = state in MAINTENANCE_STATES
    updates = sorted(entry["incident_updates"], key=lambda item: str(item.get("display_at") or item["created_at"]))
    if not updates:
        raise _NotTaken(gettext("it has no update."))
    started_at = _moment(entry.get("started_at") or entry.get("scheduled_for") or entry["created_at"])
    ended_at = _moment(entry.get("resolved_at") or updates[-1].get("display_at") or updates[-1]["created_at"])
    incident = Incident(
        public_id=new_public_id(),
        kind=IncidentKind.MAINTENANCE if is_work else IncidentKind.INCIDENT,
        state=state,
        title=_plain(str(entry["name"]))[:200],
        started_at=started_at,
        ended_at=max(ended_at, started_at),
        published_at=_moment(entry["created_at"]),
        imported_key=f"statuspage:{entry['id']}",
        updates=[],
        windows=[],
    )
    set_audience(incident, ("public",))
    for item in updates:
        incident.updates.append(_update(item, entry, components, actor, is_work=is_work))
    incident.updates.sort(key=lambda update: update.happened_at)
    if is_work:
        start, end = _moment(entry["scheduled_for"]), _moment(entry["scheduled_until"])
        incident.windows = [Window(starts_at=start, ends_at=end, started_at=start, ended_at=end, announced_at=start)]
    db.session.add(incident)
    db.session.flush()
    rebuild(incident)
    for component_id in {impact.component_id for update in incident.updates for impact in update.impacts}:
        component = db.session.get_one(Component, component_id)
        component.observed_since = min(component.observed_since, started_at)
    record(Event.INCIDENT_IMPORTED, incident, actor=actor, after={"from": incident.imported_key})


def _update(
    item: dict[str, Any], entry: dict[str, Any], components: dict[str, Component], actor: User | None, *, is_work: bool
) -> IncidentUpdate:
    state = _state(item["status"], MAINTENANCE_STATES if is_work else INCIDENT_STATES)
    written = _moment(item["created_at"])
    update = IncidentUpdate(
        public_id=new_public_id(),
        state=state,
        body=_plain(str(item.get("body") or "")),
        happened_at=_moment(item.get("display_at") or item["created_at"]),
        created_at=written,
        published_at=written,
        publication=Publication.PUBLISHED,
        notifies=False,
        author_name="",
    )
    update.impacts = [
        UpdateImpact(component_id=component_id, state=component_state)
        for component_id, component_state in sorted(_impacts(item, entry, components, actor, is_work=is_work).items())
    ]
    return update


def _impacts(
    item: dict[str, Any], entry: dict[str, Any], components: dict[str, Component], actor: User | None, *, is_work: bool
) -> dict[int, ComponentState]:
    if is_work:
        affected: Iterable[tuple[str, str]] = (
            (c["name"], ComponentState.UNDER_MAINTENANCE) for c in entry.get("components") or []
        )
    else:
        affected = ((c["name"], c["new_status"]) for c in item.get("affected_components") or [])
    found = {}
    for name, state in affected:
        if name not in components:
            components[name] = create_component(actor=actor, name=name)
        found[components[name].id] = ComponentState(state)
    return found


def _plain(text: str) -> str:
    return unescape(_TAG.sub("", _BREAK.sub("\n", text))).strip()


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _NotTaken(gettext("“%(value)s” is not a moment such as 2026-03-02T09:00:00Z.", value=value))
    return moment
