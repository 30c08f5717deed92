"""What a component needs: entered by hand, or drawn from the service directory."""

from collections import defaultdict

import sqlalchemy as sa

from portal.core.audit.services import Actor, record
from portal.core.db import db
from portal.core.texts import gettext
from portal.directory.api import ServiceDependency
from status_page.enums import Effect, Event
from status_page.models import Component, ComponentDependency
from status_page.queries import list_components, list_dependencies
from status_page.services.page import touch
from status_page.services.refusals import DependencyCycle


def add_dependency(
    component: Component, needs: Component, *, actor: Actor | None, effect: Effect = Effect.SOFTER
) -> ComponentDependency:
    """Note that a component needs another and how much of its trouble it feels; changes the effect when known.

    Raises:
        DependencyCycle: the other one needs this one already.
    """
    known = db.session.get(ComponentDependency, (component.id, needs.id))
    if known is None:
        if _reaches(needs.id, component.id):
            raise DependencyCycle(
                gettext(
                    "“%(needs)s” already depends on “%(name)s”. A component cannot need itself.",
                    needs=needs.name,
                    name=component.name,
                )
            )
        known = ComponentDependency(component_id=component.id, needs_id=needs.id, effect=effect)
        db.session.add(known)
    known.effect = effect
    known.from_directory = False
    record(Event.DEPENDENCY_ADDED, component, actor=actor, after={"needs": needs.key, "effect": effect})
    touch()
    return known


def remove_dependency(dependency: ComponentDependency, *, actor: Actor | None) -> None:
    """Forget a dependency; one that the directory names is kept without effect, or it would come back."""
    component = db.session.get_one(Component, dependency.component_id)
    needs = db.session.get_one(Component, dependency.needs_id)
    if _in_directory(component, needs):
        dependency.effect = Effect.NONE
        dependency.from_directory = False
    else:
        db.session.delete(dependency)
    record(Event.DEPENDENCY_REMOVED, component, actor=actor, before={"needs": needs.key})
    touch()


def follow_directory() -> None:
    """Draw the dependencies of the service directory between the components of those services."""
    components = {item.service_id: item for item in list_components() if item.service_id is not None}
    known = {(item.component_id, item.needs_id): item for item in list_dependencies()}
    rows = db.session.execute(sa.select(ServiceDependency.service_id, ServiceDependency.needs_id)).all()
    drawn = {
        (components[service_id].id, components[needs_id].id)
        for service_id, needs_id in rows
        if service_id in components and needs_id in components
    }
    changed = False
    for pair in sorted(drawn - known.keys()):
        # An entry by hand may point the other way; then the directory's would close a circle.
        if not _reaches(pair[1], pair[0]):
            db.session.add(ComponentDependency(component_id=pair[0], needs_id=pair[1], from_directory=True))
            db.session.flush()
            changed = True
    for pair, dependency in known.items():
        if dependency.from_directory and pair not in drawn:
            db.session.delete(dependency)
            changed = True
    if changed:
        touch()


def _reaches(start_id: int, wanted_id: int) -> bool:
    """Whether ``start`` is or needs ``wanted``, over however many others."""
    needs: dict[int, list[int]] = defaultdict(list)
    for component_id, needs_id in db.session.execute(
        sa.select(ComponentDependency.component_id, ComponentDependency.needs_id)
    ):
        needs[component_id].append(needs_id)
    seen, waiting = set(), [start_id]
    while waiting:
        current = waiting.pop()
        if current == wanted_id:
            return True
        if current not in seen:
            seen.add(current)
            waiting += needs[current]
    return False


def _in_directory(component: Component, needs: Component) -> bool:
    if component.service_id is None or needs.service_id is None:
        return False
    return db.session.get(ServiceDependency, (component.service_id, needs.service_id)) is not None
