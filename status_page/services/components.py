"""Components, their groups, and the states that are set by hand."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.core import clock
from portal.core.audit.services import Actor, changes, record
from portal.core.db import db
from portal.core.texts import gettext
from status_page.enums import ComponentState, Event, SpanSource
from status_page.models import Component, ComponentAudience, ComponentGroup, Span
from status_page.services.page import new_public_id, touch
from status_page.services.refusals import KeyTaken, WrongTime

_NOT_IN_KEY = re.compile(r"[^a-z0-9]+")


def key_from(name: str) -> str:
    """Return a key for addresses made of a name."""
    return _NOT_IN_KEY.sub("-", name.lower()).strip("-")[:60] or "component"


def create_group(*, actor: Actor | None, name: str, **values: Any) -> ComponentGroup:
    """Make a heading for components."""
    key = values.pop("key", None) or key_from(name)
    _refuse_taken(ComponentGroup, key)
    group = ComponentGroup(public_id=new_public_id(), key=key, name=name, **values)
    db.session.add(group)
    db.session.flush()
    record(Event.GROUP_CREATED, group, actor=actor, after={"name": name, "key": key})
    touch()
    return group


def change_group(group: ComponentGroup, *, actor: Actor | None, **values: Any) -> None:
    """Change a heading."""
    _change(group, Event.GROUP_CHANGED, actor, values)


def create_component(
    *, actor: Actor | None, name: str, audience: Iterable[str] = ("public",), **values: Any
) -> Component:
    """Put something on the page: a service of the directory (``service_id``) or an entry by hand.

    Raises:
        KeyTaken: another component has the key.
    """
    key = values.pop("key", None) or key_from(name)
    _refuse_taken(Component, key)
    if "position" not in values:
        values["position"] = (db.session.scalar(sa.select(sa.func.max(Component.position))) or 0) + 1
    component = Component(public_id=new_public_id(), key=key, name=name, **values)
    component.audience_rows = [ComponentAudience(token=token) for token in sorted(set(audience))]
    db.session.add(component)
    db.session.flush()
    record(
        Event.COMPONENT_CREATED,
        component,
        actor=actor,
        after={"name": name, "key": key, "audience": sorted(component.audience), **values},
    )
    touch()
    return component


def change_component(
    component: Component, *, actor: Actor | None, audience: Iterable[str] | None = None, **values: Any
) -> None:
    """Change what is said of a component, where it stands, or who may know of it."""
    if values.get("key", component.key) != component.key:
        _refuse_taken(Component, values["key"])
    if audience is not None and frozenset(audience) != component.audience:
        before = sorted(component.audience)
        component.audience_rows = _rows(component, audience)
        record(
            Event.COMPONENT_CHANGED,
            component,
            actor=actor,
            before={"audience": before},
            after={"audience": sorted(component.audience)},
        )
        touch()
    _change(component, Event.COMPONENT_CHANGED, actor, values)


def remove_component(component: Component, *, actor: Actor | None) -> None:
    """Take a component off the page; its history stays with the incidents that name it."""
    component.removed_at = clock.now()
    component.service_id = None
    component.key = f"{component.key[:40]}-{component.public_id}"
    record(Event.COMPONENT_REMOVED, component, actor=actor)
    touch()


def set_own_state(component: Component, state: ComponentState, *, actor: Actor | None, reason: str = "") -> None:
    """Say how a component itself works, apart from incidents and from what it needs."""
    if _replace_open(component, SpanSource.OWN, state, reason=reason):
        record(Event.COMPONENT_STATE_SET, component, actor=actor, after={"state": state}, reason=reason)
        touch()


def override_state(
    component: Component, state: ComponentState, *, actor: Actor, reason: str, until: datetime | None = None
) -> None:
    """Show one state whatever incidents and dependencies say, until a moment or until it is released.

    Raises:
        WrongTime: ``until`` has passed.
    """
    if until is not None and until <= clock.now():
        raise WrongTime(gettext("The end of the override has passed. Choose a later time."))
    _replace_open(component, SpanSource.OVERRIDE, state, reason=reason, until=until, keep_operational=True)
    record(Event.COMPONENT_OVERRIDDEN, component, actor=actor, after={"state": state, "until": until}, reason=reason)
    touch()


def release_override(component: Component, *, actor: Actor | None, at: datetime | None = None) -> None:
    """Let the component's state follow from its reasons again."""
    for span in _open_spans(component, SpanSource.OVERRIDE):
        _end(span, at or clock.now())
        record(Event.COMPONENT_RELEASED, component, actor=actor, before={"state": span.state})
        touch()


def end_due_overrides(now: datetime) -> None:
    """End the overrides whose time has come."""
    query = (
        sa.select(Span, Component)
        .join(Component, Component.id == Span.component_id)
        .where(Span.source == SpanSource.OVERRIDE, Span.ended_at.is_(None), Span.until <= now)
    )
    for span, component in db.session.execute(query).all():
        release_override(component, actor=None, at=span.until)


def _replace_open(
    component: Component,
    source: SpanSource,
    state: ComponentState,
    *,
    reason: str = "",
    until: datetime | None = None,
    keep_operational: bool = False,
) -> bool:
    now = clock.now()
    open_spans = _open_spans(component, source)
    if any(span.state == state and span.until == until and span.reason == reason for span in open_spans):
        return False
    for span in open_spans:
        _end(span, now)
    if state == ComponentState.OPERATIONAL and not keep_operational:
        return bool(open_spans)
    db.session.add(
        Span(component_id=component.id, source=source, state=state, started_at=now, until=until, reason=reason)
    )
    return True


def _open_spans(component: Component, source: SpanSource) -> list[Span]:
    query = sa.select(Span).where(Span.component_id == component.id, Span.source == source, Span.ended_at.is_(None))
    return list(db.session.scalars(query))


def _end(span: Span, at: datetime) -> None:
    span.ended_at = max(at, span.started_at)


def _change(row: Any, event: Event, actor: Actor | None, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    before, after = changes(row)
    if after:
        record(event, row, actor=actor, before=before, after=after)
        touch()


def _rows(component: Component, audience: Iterable[str]) -> list[ComponentAudience]:
    kept = {row.token: row for row in component.audience_rows}
    return [kept.get(token) or ComponentAudience(token=token) for token in sorted(set(audience))]


def _refuse_taken(model: type[Component] | type[ComponentGroup], key: str) -> None:
    if db.session.scalar(sa.select(sa.exists().where(model.key == key))):
        raise KeyTaken(gettext("“%(key)s” is taken. Choose another key.", key=key))
