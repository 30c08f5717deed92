from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import selectinload

from portal.core.db import db
from status_page.models import (
    Component,
    ComponentAudience,
    ComponentDependency,
    ComponentGroup,
    Incident,
    IncidentAudience,
    Span,
)
from status_page.permissions import component_visible_to, incident_visible_to


def list_groups() -> Sequence[ComponentGroup]:
    return db.session.scalars(
        sa.select(ComponentGroup).order_by(ComponentGroup.position, ComponentGroup.name, ComponentGroup.id)
    ).all()


def list_components(tokens: Collection[str] | None = None, *, with_removed: bool = False) -> Sequence[Component]:
    """Return the components in the order of the page; with ``tokens`` those that such readers may know of."""
    query = (
        sa.select(Component)
        .options(selectinload(Component.audience_rows), selectinload(Component.group))
        .order_by(Component.position, Component.name, Component.id)
    )
    if not with_removed:
        query = query.where(Component.removed_at.is_(None))
    if tokens is not None:
        query = query.where(component_visible_to(tokens))
    return db.session.scalars(query).all()


def get_component(component_id: int) -> Component:
    component = db.session.get(Component, component_id)
    return component if component is not None and component.removed_at is None else abort(404)


def find_component_by_public_id(public_id: str) -> Component | None:
    return db.session.scalars(
        sa.select(Component).where(Component.public_id == public_id, Component.removed_at.is_(None))
    ).one_or_none()


def list_dependencies() -> Sequence[ComponentDependency]:
    return db.session.scalars(
        sa.select(ComponentDependency).order_by(ComponentDependency.component_id, ComponentDependency.needs_id)
    ).all()


def list_spans(since: datetime, tokens: Collection[str]) -> Sequence[Span]:
    """Return the spans that reach past ``since``, without those of incidents such readers may not know of."""
    visible = sa.select(Incident.id).where(incident_visible_to(tokens))
    return db.session.scalars(
        sa.select(Span)
        .where(
            sa.or_(Span.ended_at.is_(None), Span.ended_at > since),
            sa.or_(Span.incident_id.is_(None), Span.incident_id.in_(visible)),
        )
        .order_by(Span.component_id, Span.started_at, Span.id)
    ).all()


def every_token() -> frozenset[str]:
    """Return every token that something on the page is shown to."""
    components, incidents = sa.select(ComponentAudience.token), sa.select(IncidentAudience.token)
    return frozenset(db.session.scalars(components.union(incidents))) | {"public"}
