"""The services IT provides: who answers for them, and what they need to work."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask_babel import gettext

from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.core.errors import Refused
from portal.directory.enums import Criticality, Event
from portal.directory.models import Service, ServiceDependency, Team, User

_KEY = re.compile(r"[a-z][a-z0-9-]{1,59}")


class ServiceRefused(Refused):
    """A service cannot be made or changed like this."""


class DependencyCycle(ServiceRefused):
    """A service would need itself, by way of others."""


@dataclass(frozen=True)
class ServiceFacts:
    """What is entered about a service."""

    name: str
    owner_team: Team
    description: str = ""
    criticality: Criticality = Criticality.MEDIUM
    primary_owner: User | None = None
    secondary_owner: User | None = None
    keywords: Sequence[str] = ()
    needs: Sequence[Service] = ()
    translations: dict[str, dict[str, str]] = field(default_factory=dict)


def create_service(key: str, facts: ServiceFacts, *, actor: User | None) -> Service:
    """Make a service.

    Raises:
        ServiceRefused: the key is malformed or taken, the owners are the same person, or the team is closed.
    """
    key = key.strip().lower()
    # The word "new" is the address of the page that adds one.
    if not _KEY.fullmatch(key) or key == "new":
        raise ServiceRefused(gettext("Use small letters, digits and - and begin with a letter."), field="key")
    if db.session.scalar(sa.select(Service.id).where(Service.key == key)) is not None:
        raise ServiceRefused(gettext("Another service has this key. Choose a different one."), field="key")
    service = Service(key=key, depends_on=[])
    _apply(service, facts)
    db.session.add(service)
    db.session.flush()
    service.depends_on = list(facts.needs)
    record(
        Event.SERVICE_CREATED,
        service,
        actor=actor,
        after={"key": key, "name": service.name, "owner_team": facts.owner_team.key, "needs": _keys(facts.needs)},
    )
    db.session.flush()
    return service


def change_service(service: Service, facts: ServiceFacts, *, actor: User | None) -> None:
    """Change a service and what it needs.

    Raises:
        DependencyCycle: the service would need itself by way of others; the sentence names the way.
        ServiceRefused: the owners are the same person, or the team is closed.
    """
    refuse_cycle(service, facts.needs)
    _apply(service, facts)
    before, after = changes(service)
    for told in (before, after):
        told.pop("updated_at", None)
    if {item.id for item in service.depends_on} != {item.id for item in facts.needs}:
        before["needs"], after["needs"] = _keys(service.depends_on), _keys(facts.needs)
        service.depends_on = list(facts.needs)
    if after:
        record(Event.SERVICE_CHANGED, service, actor=actor, before=before, after=after)
    db.session.flush()
    db.session.expire(service, ["owner_team", "primary_owner", "secondary_owner"])


def retire_service(service: Service, *, actor: User | None, reason: str) -> None:
    """Take a service out of use: it can no longer be chosen, what tells about it stays.

    Raises:
        ServiceRefused: services in use still need it; the sentence names them.
    """
    needing = [item.name for item in service.needed_by if not item.is_retired]
    if needing:
        raise ServiceRefused(
            gettext(
                "%(services)s still need this service. Remove the dependency there first.",
                services=", ".join(needing),
            )
        )
    service.is_retired = True
    record(Event.SERVICE_RETIRED, service, actor=actor, reason=reason)
    db.session.flush()


def restore_service(service: Service, *, actor: User | None) -> None:
    """Bring a retired service back into use."""
    service.is_retired = False
    record(Event.SERVICE_RESTORED, service, actor=actor)
    db.session.flush()


def refuse_cycle(service: Service, needs: Iterable[Service]) -> None:
    """Raise ``DependencyCycle`` when one of ``needs`` itself needs ``service``, directly or by way of others."""
    # Two changes that close a cycle only together must not pass each other: the services are the lock.
    names = {
        row.id: row.name
        for row in db.session.execute(sa.select(Service.id, Service.name).order_by(Service.id).with_for_update())
    }
    edges: dict[int, list[int]] = {}
    for row in db.session.execute(sa.select(ServiceDependency.service_id, ServiceDependency.needs_id)):
        edges.setdefault(row.service_id, []).append(row.needs_id)
    for needed in needs:
        way = _way(edges, needed.id, service.id)
        if way:
            told = " → ".join(names[item] for item in (service.id, *way))
            raise DependencyCycle(
                gettext("A service cannot need itself: %(way)s. Remove one of these dependencies.", way=told),
                field="needs",
            )


def _way(edges: dict[int, list[int]], start: int, target: int) -> list[int]:
    """Return the shortest way along the dependencies from one service to another, or nothing."""
    came_from: dict[int, int | None] = {start: None}
    waiting = [start]
    for here in waiting:
        if here == target:
            return _back(came_from, here)
        for there in edges.get(here, ()):
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    return []


def _back(came_from: dict[int, int | None], end: int) -> list[int]:
    way: list[int] = []
    step: int | None = end
    while step is not None:
        way.insert(0, step)
        step = came_from[step]
    return way


def _apply(service: Service, facts: ServiceFacts) -> None:
    if facts.primary_owner is not None and facts.primary_owner is facts.secondary_owner:
        raise ServiceRefused(
            gettext("Somebody must be able to stand in: choose two different people."), field="secondary_owner"
        )
    if not facts.owner_team.is_active and service.owner_team_id != facts.owner_team.id:
        raise ServiceRefused(gettext("This team is closed. Choose another."), field="owner_team")
    service.name, service.description = facts.name.strip(), facts.description.strip()
    service.criticality = facts.criticality
    service.owner_team_id = facts.owner_team.id
    service.primary_owner_id = facts.primary_owner.id if facts.primary_owner else None
    service.secondary_owner_id = facts.secondary_owner.id if facts.secondary_owner else None
    keywords = list(dict.fromkeys(word.strip() for word in facts.keywords if word.strip()))
    if service.keywords != keywords:
        service.keywords = keywords
    if (service.translations or {}) != facts.translations or service.translations is None:
        service.translations = facts.translations


def _keys(services: Iterable[Service]) -> list[str]:
    return sorted(service.key for service in services)
