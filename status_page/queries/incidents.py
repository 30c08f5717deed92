from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import defer, selectinload
from sqlalchemy.sql.elements import ColumnElement

from portal.core.db import db
from portal.core.outbox.enums import MessageState
from portal.core.outbox.models import OutboxMessage
from status_page.enums import OPEN_STATES, PLANNED_STATES, Publication
from status_page.models import Component, Incident, IncidentUpdate, UpdateImpact, Window
from status_page.permissions import incident_visible_to

_WHOLE = (
    selectinload(Incident.audience_rows),
    selectinload(Incident.windows),
    selectinload(Incident.updates).options(
        selectinload(IncidentUpdate.impacts).selectinload(UpdateImpact.component).selectinload(Component.audience_rows),
        selectinload(IncidentUpdate.corrections),
    ),
)


def list_visible_incidents(
    tokens: Collection[str], *conditions: ColumnElement[bool] | Any, limit: int | None = None
) -> Sequence[Incident]:
    """Return whole incidents that such readers may know of, the latest first."""
    query = (
        sa.select(Incident)
        .options(*_WHOLE)
        .where(incident_visible_to(tokens), *conditions)
        .order_by(Incident.started_at.desc(), Incident.id.desc())
        .limit(limit)
    )
    return db.session.scalars(query).all()


def select_incidents(*conditions: ColumnElement[bool] | Any) -> sa.Select[tuple[Incident]]:
    """The incidents as staff see them, unpublished ones too, for paging."""
    query: sa.Select[Any] = sa.select(Incident).options(selectinload(Incident.windows)).where(*conditions)
    return query.order_by(Incident.started_at.desc(), Incident.id.desc())


def get_incident(incident_id: int) -> Incident:
    found = db.session.scalars(sa.select(Incident).options(*_WHOLE).where(Incident.id == incident_id)).one_or_none()
    return found or abort(404)


def get_incident_by_public_id(public_id: str) -> Incident | None:
    return db.session.scalars(sa.select(Incident).options(*_WHOLE).where(Incident.public_id == public_id)).one_or_none()


def get_update(update_id: int) -> IncidentUpdate:
    return db.session.get(IncidentUpdate, update_id) or abort(404)


def list_windows(tokens: Collection[str], since: datetime, until: datetime) -> Sequence[Window]:
    """Return the windows of planned work between two moments that such readers may know of."""
    return db.session.scalars(
        sa.select(Window)
        .join(Incident, Incident.id == Window.incident_id)
        .where(Window.ends_at > since, Window.starts_at < until, incident_visible_to(tokens))
        .order_by(Window.starts_at, Window.id)
    ).all()


@dataclass(frozen=True)
class ArchiveRow:
    """As little of an incident as the list of finished pages needs."""

    id: int
    public_id: str
    started_at: datetime
    edition: int


def list_archive(tokens: Collection[str]) -> list[ArchiveRow]:
    """Return every incident such readers may know of, the latest first: ten years of them in one light query."""
    rows = db.session.execute(
        sa.select(Incident.id, Incident.public_id, Incident.started_at, Incident.edition)
        .where(incident_visible_to(tokens))
        .order_by(Incident.started_at.desc(), Incident.id.desc())
    )
    return [ArchiveRow(*row) for row in rows]


def list_open_for_staff() -> Sequence[Incident]:
    """Return what is not over, and what waits for a check, the latest first."""
    waiting = sa.exists().where(
        IncidentUpdate.incident_id == Incident.id, IncidentUpdate.publication == Publication.AWAITING_CHECK
    )
    query = (
        sa.select(Incident)
        .options(selectinload(Incident.windows), selectinload(Incident.updates))
        .where(sa.or_(Incident.state.in_((*OPEN_STATES, *PLANNED_STATES)), waiting))
        .order_by(Incident.kind, Incident.started_at.desc(), Incident.id.desc())
    )
    return db.session.scalars(query).all()


@dataclass(frozen=True)
class Told:
    """How many messages about an update went one way, and what became of them."""

    channel: str
    states: list[tuple[MessageState, int]]

    @property
    def count(self) -> int:
        return sum(count for _, count in self.states)


def record_of_messages(incident: Incident) -> dict[int, list[Told]]:
    """Return for each update of an incident what was sent about it and in which state it is."""
    rows = db.session.execute(
        sa.select(OutboxMessage.about_id, OutboxMessage.channel, OutboxMessage.state, sa.func.count())
        .where(*_about([update.id for update in incident.updates]))
        .group_by(OutboxMessage.about_id, OutboxMessage.channel, OutboxMessage.state)
        .order_by(OutboxMessage.about_id, OutboxMessage.channel, OutboxMessage.state)
    )
    found: dict[int, list[Told]] = {}
    for (update_id, channel), group in groupby(rows, key=lambda row: (row[0], row[1])):
        states = [(state, count) for _, _, state, count in group]
        found.setdefault(update_id, []).append(Told(str(channel), states))
    return found


def select_messages(update: IncidentUpdate) -> sa.Select[tuple[OutboxMessage]]:
    """The messages about an update, for paging."""
    query: sa.Select[Any] = sa.select(OutboxMessage).options(
        defer(OutboxMessage.body_text), defer(OutboxMessage.body_html)
    )
    return query.where(*_about([update.id])).order_by(OutboxMessage.id)


def _about(update_ids: list[int]) -> tuple[ColumnElement[bool], ...]:
    return OutboxMessage.about_type == IncidentUpdate.__tablename__, OutboxMessage.about_id.in_(update_ids)
