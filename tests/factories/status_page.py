from datetime import timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa

from portal.core import clock
from portal.core.db import db
from portal.directory.models import User
from status_page.enums import ComponentState, IncidentState, SubscriberChannel, SubscriberState
from status_page.models import Component, ComponentGroup, Incident, Subscriber
from status_page.services.components import create_component, create_group
from status_page.services.incidents import open_incident
from status_page.services.maintenance import plan_maintenance
from status_page.services.recurrence import Planned
from status_page.services.updates import Draft

_numbers = count(1)
INVESTIGATING, RESOLVED = IncidentState.INVESTIGATING, IncidentState.RESOLVED
DEGRADED, PARTIAL, MAJOR = ComponentState.DEGRADED, ComponentState.PARTIAL, ComponentState.MAJOR


def make_group(name: str | None = None, **values: Any) -> ComponentGroup:
    group = create_group(actor=None, name=name or f"Group {next(_numbers)}", **values)
    db.session.commit()
    return group


def make_component(name: str | None = None, **values: Any) -> Component:
    component = create_component(actor=None, name=name or f"Component {next(_numbers)}", **values)
    db.session.commit()
    return component


def make_incident(
    *components: Component,
    impact: ComponentState = MAJOR,
    title: str | None = None,
    body: str = "We are looking into it.",
    state: IncidentState = INVESTIGATING,
    actor: User | None = None,
    audience: tuple[str, ...] = ("public",),
    **draft: Any,
) -> Incident:
    """A published incident in which the components are in one state."""
    incident = open_incident(
        title or f"Incident {next(_numbers)}",
        Draft(state, body, impacts={component.id: impact for component in components}, **draft),
        actor=actor,
        audience=audience,
    )
    db.session.commit()
    return incident


def make_maintenance(
    *components: Component, starts_in: timedelta = timedelta(hours=2), hours: float = 1, **values: Any
) -> Incident:
    starts_at = clock.now() + starts_in
    incident = plan_maintenance(
        values.pop("title", f"Work {next(_numbers)}"),
        values.pop("body", "We replace a switch."),
        actor=values.pop("actor", None),
        components=components,
        windows=values.pop("windows", [Planned(starts_at, starts_at + timedelta(hours=hours))]),
        **values,
    )
    db.session.commit()
    return incident


def add_subscribers(number: int) -> None:
    """Adds confirmed readers of the whole page by e-mail, half of them German, in the session's transaction."""
    now = clock.now()
    db.session.execute(
        sa.insert(Subscriber),
        [
            {
                "channel": SubscriberChannel.EMAIL,
                "address": f"reader{reader}@portico.example",
                "locale": "de" if reader % 2 else "en",
                "state": SubscriberState.ACTIVE,
                "nonce": "n",
                "whole_page": True,
                "includes_new": False,
                "created_at": now,
                "asked_at": now,
                "confirmed_at": now,
                "disabled_reason": "",
            }
            for reader in range(number)
        ],
    )
