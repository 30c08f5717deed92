"""Reading people, and the roles they hold."""

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from portal.core import clock
from portal.core.db import db
from portal.directory.models import Membership, Role, RoleAssignment, RolePermission, User


def find_user(username: str) -> User | None:
    """Return the account with this user name or e-mail address."""
    wanted = username.strip().lower()
    return db.session.scalars(
        sa.select(User)
        .where(sa.or_(User.username == wanted, User.email == wanted))
        .order_by(sa.case((User.username == wanted, 0), else_=1))
        .limit(1)
    ).one_or_none()


def get_person(user_id: int) -> User:
    """Return an account with its roles and teams, or answer 404."""
    found = db.session.scalars(
        sa.select(User)
        .where(User.id == user_id)
        .options(
            selectinload(User.assignments).options(joinedload(RoleAssignment.role), joinedload(RoleAssignment.team)),
            selectinload(User.memberships).joinedload(Membership.team),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        abort(404)
    return found


def list_users() -> list[User]:
    return list(db.session.scalars(sa.select(User).order_by(User.username)))


def people_by(*, text: str, state: str, role_key: str, team_id: int | None) -> sa.Select[User]:
    """Select the accounts that fit a filter, with the roles and teams a list shows; the order is the caller's."""
    query = sa.select(User).options(
        selectinload(User.assignments).joinedload(RoleAssignment.role),
        selectinload(User.memberships).joinedload(Membership.team),
    )
    if text:
        columns = (User.display_name, User.username, User.email)
        query = query.where(sa.or_(*(column.icontains(text, autoescape=True) for column in columns)))
    if state == "paused":
        query = query.where(User.is_active, User.locked_until > clock.now())
    elif state in ("open", "closed"):
        query = query.where(User.is_active if state == "open" else ~User.is_active)
    if role_key:
        holding = sa.select(RoleAssignment.user_id).join(Role).where(Role.key == role_key)
        query = query.where(User.id.in_(holding))
    if team_id is not None:
        query = query.where(User.id.in_(sa.select(Membership.user_id).where(Membership.team_id == team_id)))
    return query


def holders_of(permission: str, *, team_id: int | sa.BindParameter[int] | None = None) -> sa.Select[User]:
    """Select the open accounts that hold a permission by a role of their own: everywhere, or for a team too."""
    everywhere = RoleAssignment.team_id.is_(None)
    scope = everywhere if team_id is None else sa.or_(everywhere, RoleAssignment.team_id == team_id)
    holding = (
        sa.select(RoleAssignment.user_id)
        .join(RolePermission, RolePermission.role_id == RoleAssignment.role_id)
        .where(RolePermission.permission == permission, scope)
    )
    return sa.select(User).where(User.is_active, User.id.in_(holding)).order_by(User.display_name, User.id)
