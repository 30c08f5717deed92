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


def N_(text: str) -> str:  # noqa: N802 (the name by which texts are collected)
    """Mark a text for the catalogue; it is stored in English and translated when it is shown."""
    return text


@dataclass(frozen=True)
class BuiltinRole:
    """A role the product brings along."""

    key: str
    name: str
    description: str
    is_default: bool = False


BUILTIN_ROLES = (
    BuiltinRole(END_USER, N_("End user"), N_("Searches, asks, requests and follows up. Everyone has this role."), True),
    BuiltinRole(AGENT, N_("Agent"), N_("Works on the tickets of a team; the support tier stands with the membership.")),
    BuiltinRole(KNOWLEDGE_AUTHOR, N_("Knowledge author"), N_("Writes articles.")),
    BuiltinRole(KNOWLEDGE_REVIEWER, N_("Knowledge reviewer"), N_("Reviews what others wrote.")),
    BuiltinRole(
        KNOWLEDGE_OWNER, N_("Knowledge owner"), N_("Answers for the articles of a section and publishes them.")
    ),
    BuiltinRole(CATALOGUE_OWNER, N_("Catalogue owner"), N_("Designs what can be requested.")),
    BuiltinRole(INCIDENT_MANAGER, N_("Incident manager"), N_("Leads major incidents and speaks on the status page.")),
    BuiltinRole(ADMINISTRATOR, N_("Administrator"), N_("Manages people, rights and settings.")),
    BuiltinRole(AUDITOR, N_("Auditor"), N_("Reads the audit trail and every record, and changes nothing.")),
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
