"""Roles given to people and taken away."""

import sqlalchemy as sa
from flask_babel import gettext

from portal.core.audit.services import record
from portal.core.db import db, lock_rows
from portal.core.errors import Refused
from portal.directory.enums import Event, Permission
from portal.directory.models import Role, RoleAssignment, RolePermission, Team, User


class LastAdministrator(Refused):
    """The change would leave nobody who can give rights."""


class RoleRefused(Refused):
    """A role cannot be given or taken away like this."""


def grant_role(user: User, role: Role, *, team: Team | None, actor: User | None, reason: str) -> RoleAssignment:
    """Give a person a role, for everything or for the things of one team.

    Raises:
        RoleRefused: everyone has the role, or the person has it already.
    """
    if role.is_default:
        raise RoleRefused(gettext("Everyone has the role “%(role)s”. There is nothing to give.", role=role.shown_name))
    if any(item.role_id == role.id and item.team_id == (team.id if team else None) for item in user.assignments):
        raise RoleRefused(gettext("%(person)s has this role already.", person=user.display_name))
    assignment = RoleAssignment(user=user, role=role, team=team)
    db.session.add(assignment)
    user.forget_rights()
    record(Event.ROLE_GRANTED, user, actor=actor, after=_told(role, team), reason=reason)
    db.session.flush()
    return assignment


def withdraw_role(assignment: RoleAssignment, *, actor: User | None, reason: str) -> None:
    """Take a role away from a person.

    Raises:
        LastAdministrator: nobody would be left who can give rights.
    """
    refuse_without_administrator(without_assignment=assignment.id)
    user = assignment.user
    record(Event.ROLE_WITHDRAWN, user, actor=actor, before=_told(assignment.role, assignment.team), reason=reason)
    user.assignments.remove(assignment)
    user.forget_rights()
    db.session.flush()


def refuse_without_administrator(*, without_user: int = 0, without_assignment: int = 0, without_role: int = 0) -> None:
    """Raise ``LastAdministrator`` when, without what is named, no open account could give rights any more."""
    # Two administrators who take the right from each other at once must not both succeed: the roles are the lock.
    giving = sa.select(RolePermission.role_id).where(RolePermission.permission == Permission.ROLE_MANAGE)
    lock_rows(sa.select(Role.id).where(Role.id.in_(giving)).order_by(Role.id))
    holders = (
        sa.select(User.id)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(User.is_active, RoleAssignment.team_id.is_(None), RoleAssignment.role_id.in_(giving))
    )
    left = holders.where(
        User.id != without_user, RoleAssignment.id != without_assignment, RoleAssignment.role_id != without_role
    )
    # Where nobody holds the right yet, nothing can be lost.
    if db.session.scalar(holders.limit(1)) is not None and db.session.scalar(left.limit(1)) is None:
        raise LastAdministrator(
            gettext(
                "Nobody would be left who can give rights. Make somebody else an administrator first, then try again."
            )
        )


def _told(role: Role, team: Team | None) -> dict[str, str | None]:
    return {"role": role.key, "team": team.key if team else None}
