"""Who may change what of the directory."""

import sqlalchemy as sa

from portal.core.db import db
from portal.directory.enums import Permission
from portal.directory.models import RoleAssignment, RolePermission, User


def can_manage_account(actor: User, user: User) -> bool:
    """Whether an account may be changed, closed or given a password by ``actor``.

    Whoever sets somebody's password can act as that person. So people who cannot give rights manage only those who
    may do nothing beyond what they may do themselves.
    """
    if not actor.can_everywhere(Permission.PEOPLE_MANAGE):
        return False
    if actor.can_everywhere(Permission.ROLE_MANAGE):
        return True
    # Read from the roles and not from what the account may do now: a closed account may be opened again.
    assigned = sa.select(RolePermission.permission).join(
        RoleAssignment, RoleAssignment.role_id == RolePermission.role_id
    )
    return set(db.session.scalars(assigned.where(RoleAssignment.user_id == user.id))) <= {
        permission for permission, scope in actor.grants if scope is None
    }
