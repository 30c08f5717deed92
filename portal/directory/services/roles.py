"""Roles themselves: what they are called and what they may."""

import re
from collections.abc import Collection

import sqlalchemy as sa
from flask_babel import gettext

from portal.core.audit.services import changes, record
from portal.core.db import db
from portal.core.errors import Refused
from portal.directory.enums import Event, Permission
from portal.directory.models import Role, RoleAssignment, RolePermission, User
from portal.directory.services.rights import refuse_without_administrator

_KEY = re.compile(r"[a-z][a-z0-9_]{1,59}")


class RoleChangeRefused(Refused):
    """A role cannot be made, changed or deleted like this."""


def create_role(key: str, *, name: str, description: str, permissions: Collection[str], actor: User) -> Role:
    """Make a role with these permissions.

    Raises:
        RoleChangeRefused: the key is malformed or taken.
    """
    key = key.strip().lower()
    if not _KEY.fullmatch(key):
        raise RoleChangeRefused(gettext("Use small letters, digits and _ and begin with a letter."), field="key")
    if db.session.scalar(sa.select(Role.id).where(Role.key == key)) is not None:
        raise RoleChangeRefused(gettext("Another role has this key. Choose a different one."), field="key")
    role = Role(key=key, name=name.strip(), description=description.strip(), applied_defaults=[])
    role.permissions = [RolePermission(permission=permission) for permission in sorted(set(permissions))]
    db.session.add(role)
    db.session.flush()
    record(Event.ROLE_CREATED, role, actor=actor, after={"key": key, "permissions": sorted(set(permissions))})
    return role


def change_role(role: Role, *, name: str, description: str, permissions: Collection[str], actor: User) -> None:
    """Rename a role and give it exactly these permissions.

    Raises:
        LastAdministrator: nobody would be left who can give rights.
    """
    held = {item.permission for item in role.permissions}
    wanted = set(permissions)
    if Permission.ROLE_MANAGE in held - wanted:
        refuse_without_administrator(without_role=role.id)
    role.name, role.description = name.strip(), description.strip()
    before, after = changes(role)
    if held != wanted:
        before["permissions"], after["permissions"] = sorted(held), sorted(wanted)
        role.permissions = [
            *(item for item in role.permissions if item.permission in wanted),
            *(RolePermission(permission=permission) for permission in sorted(wanted - held)),
        ]
    if after:
        record(Event.ROLE_CHANGED, role, actor=actor, before=before, after=after)
    actor.forget_rights()
    db.session.flush()


def delete_role(role: Role, *, actor: User) -> None:
    """Delete a role that nobody holds.

    Raises:
        RoleChangeRefused: the role belongs to the product, or somebody holds it.
    """
    if role.is_builtin:
        raise RoleChangeRefused(gettext("This role belongs to the product. Take its permissions away instead."))
    holders = db.session.scalar(sa.select(sa.func.count()).where(RoleAssignment.role_id == role.id))
    if holders:
        raise RoleChangeRefused(gettext("People still hold this role. Withdraw it from them first."))
    record(
        Event.ROLE_DELETED,
        role,
        actor=actor,
        before={"key": role.key, "permissions": [item.permission for item in role.permissions]},
    )
    db.session.delete(role)
    db.session.flush()
