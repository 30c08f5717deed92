"""Reading services."""

from collections.abc import Collection

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from portal.core.db import db
from portal.directory.enums import Criticality, Permission
from portal.directory.models import Service, User


def visible_to(user: User) -> sa.ColumnElement[bool]:
    """Services in use are for everyone who is signed in; retired ones for those who manage services."""
    return sa.true() if user.can_everywhere(Permission.SERVICE_MANAGE) else ~Service.is_retired


def list_services(*, with_retired: bool = False) -> list[Service]:
    """Return the services by name, as choices of a form; retired ones only when asked for."""
    query = sa.select(Service).order_by(Service.name, Service.id)
    return list(db.session.scalars(query if with_retired else query.where(~Service.is_retired)))


def get_service(service_id: int, *, user: User) -> Service:
    """Return a service the person may see, or answer 404."""
    return _one(Service.id == service_id, user)


def get_service_by_key(key: str, *, user: User) -> Service:
    """Return a service the person may see by its key, with everything its page shows, or answer 404."""
    return _one(Service.key == key, user)


def services_of_teams(team_ids: Collection[int]) -> list[str]:
    """Return the names of the services that some teams answer for."""
    if not team_ids:
        return []
    query = sa.select(Service.name).where(Service.owner_team_id.in_(sorted(team_ids)), ~Service.is_retired)
    return list(db.session.scalars(query.order_by(Service.id)))


def find_service(key: str) -> Service | None:
    return db.session.scalars(sa.select(Service).where(Service.key == key)).one_or_none()


def services_by(user: User, *, text: str, criticality: str, state: str) -> sa.Select[Service]:
    """Select the services a person may see that fit a filter; the order is the caller's."""
    query = sa.select(Service).options(joinedload(Service.owner_team)).where(visible_to(user))
    if text:
        like = (column.icontains(text, autoescape=True) for column in (Service.name, Service.description, Service.key))
        query = query.where(sa.or_(*like, sa.cast(Service.keywords, sa.Text).icontains(text, autoescape=True)))
    if criticality in set(Criticality):
        query = query.where(Service.criticality == Criticality(criticality))
    if state != "all":
        query = query.where(Service.is_retired if state == "retired" else ~Service.is_retired)
    return query


def _one(condition: sa.ColumnElement[bool], user: User) -> Service:
    found = db.session.scalars(
        sa.select(Service)
        .where(condition, visible_to(user))
        .options(
            joinedload(Service.owner_team),
            joinedload(Service.primary_owner),
            joinedload(Service.secondary_owner),
            selectinload(Service.depends_on),
            selectinload(Service.needed_by),
        )
    ).one_or_none()
    if found is None:
        abort(404)
    return found
