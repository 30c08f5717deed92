"""Reading roles."""

from collections.abc import Sequence

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import selectinload

from portal.core.db import db
from portal.directory.models import Role, RoleAssignment


def find_role(key: str) -> Role | None:
    return db.session.scalars(sa.select(Role).where(Role.key == key)).one_or_none()


def list_roles() -> list[Role]:
    return list(db.session.scalars(sa.select(Role).order_by(Role.name, Role.id)))


def list_roles_with_holders() -> Sequence[sa.Row[tuple[Role, int]]]:
    """Return every role with how many people hold it by assignment."""
    holders = (
        sa.select(RoleAssignment.role_id, sa.func.count(RoleAssignment.user_id.distinct()).label("people"))
        .group_by(RoleAssignment.role_id)
        .subquery()
    )
    return db.session.execute(
        sa.select(Role, sa.func.coalesce(holders.c.people, 0))
        .outerjoin(holders, holders.c.role_id == Role.id)
        .options(selectinload(Role.permissions))
        .order_by(Role.is_default.desc(), Role.name, Role.id)
    ).all()


def get_role(role_id: int) -> Role:
    found = db.session.scalars(
        sa.select(Role).where(Role.id == role_id).options(selectinload(Role.permissions))
    ).one_or_none()
    if found is None:
        abort(404)
    return found


def get_assignment(user_id: int, assignment_id: int) -> RoleAssignment:
    found = db.session.scalars(
        sa.select(RoleAssignment).where(RoleAssignment.id == assignment_id, RoleAssignment.user_id == user_id)
    ).one_or_none()
    if found is None:
        abort(404)
    return found
