"""The roles every portal starts with; what they may comes from the features."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from portal.core.db import db
from portal.core.feature import Feature
from portal.directory.models import Role, RolePermission

END_USER = "end_user"
AGENT = "agent"
KNOWLEDGE_AUTHOR = "knowledge_author"
KNOWLEDGE_REVIEWER = "knowledge_reviewer"
KNOWLEDGE_OWNER = "knowledge_owner"
CATALOGUE_OWNER = "catalogue_owner"
INCIDENT_MANAGER = "incident_manager"
ADMINISTRATOR = "administrator"
AUDITOR = "auditor"


@dataclass(frozen=True)
class BuiltinRole:
    """A role the product brings along."""

    key: str
    name: str
    description: str
    is_default: bool = False


BUILTIN_ROLES = (
    BuiltinRole(END_USER, "End user", "Searches, asks, requests and follows up. Everyone has this role.", True),
    BuiltinRole(AGENT, "Agent", "Works on the tickets of a team; the support tier stands with the membership."),
    BuiltinRole(KNOWLEDGE_AUTHOR, "Knowledge author", "Writes articles."),
    BuiltinRole(KNOWLEDGE_REVIEWER, "Knowledge reviewer", "Reviews what others wrote."),
    BuiltinRole(KNOWLEDGE_OWNER, "Knowledge owner", "Answers for the articles of a section and publishes them."),
    BuiltinRole(CATALOGUE_OWNER, "Catalogue owner", "Designs what can be requested."),
    BuiltinRole(INCIDENT_MANAGER, "Incident manager", "Leads major incidents and speaks on the status page."),
    BuiltinRole(ADMINISTRATOR, "Administrator", "Manages people, rights and settings."),
    BuiltinRole(AUDITOR, "Auditor", "Reads the audit trail and every record, and changes nothing."),
)


def default_permissions(features: Iterable[Feature], role_key: str) -> list[str]:
    """Return what the features give a built-in role."""
    return sorted({str(item) for feature in features for item in feature.grants.get(role_key, ())})


def apply_builtin_roles(features: Iterable[Feature]) -> None:
    """Make missing built-in roles and give them what this version adds; what administrators changed stays."""
    features = tuple(features)
    existing = {role.key: role for role in db.session.scalars(sa.select(Role))}
    for builtin in BUILTIN_ROLES:
        role = existing.get(builtin.key)
        if role is None:
            role = Role(
                key=builtin.key,
                name=builtin.name,
                description=builtin.description,
                is_default=builtin.is_default,
                is_builtin=True,
                applied_defaults=[],
            )
            db.session.add(role)
        defaults = default_permissions(features, builtin.key)
        held = {item.permission for item in role.permissions}
        for permission in sorted(set(defaults) - set(role.applied_defaults) - held):
            role.permissions.append(RolePermission(permission=permission))
        if set(defaults) - set(role.applied_defaults):
            role.applied_defaults = sorted(set(defaults) | set(role.applied_defaults))
    db.session.flush()
