from enum import StrEnum


class Permission(StrEnum):
    """Rights on people, teams, roles, services and calendars."""

    OWN_PROFILE = "directory.profile.edit_own"
    SERVICE_READ = "directory.service.read"
    SERVICE_MANAGE = "directory.service.manage"
    PEOPLE_READ = "directory.people.read"
    PEOPLE_MANAGE = "directory.people.manage"
    ROLE_MANAGE = "directory.role.manage"
    CALENDAR_MANAGE = "directory.calendar.manage"
    ORGANISATION_MANAGE = "directory.organisation.manage"
    ADMINISTRATION_OPEN = "directory.administration.open"


class Event(StrEnum):
    """What the audit trail records about the directory."""

    USER_CREATED = "directory.user.created"
    USER_CHANGED = "directory.user.changed"
    USER_DEACTIVATED = "directory.user.deactivated"
    USER_REACTIVATED = "directory.user.reactivated"
    PASSWORD_CHANGED = "directory.user.password_changed"
    PASSWORD_SET = "directory.user.password_set"
    SIGNED_IN = "directory.user.signed_in"
    SIGN_IN_FAILED = "directory.user.sign_in_failed"
    LOCKED_OUT = "directory.user.locked_out"
    UNLOCKED = "directory.user.unlocked"
    SIGNED_OUT = "directory.user.signed_out"
    SIGNED_OUT_EVERYWHERE = "directory.user.signed_out_everywhere"
    ROLE_CREATED = "directory.role.created"
    ROLE_CHANGED = "directory.role.changed"
    ROLE_DELETED = "directory.role.deleted"
    ROLE_GRANTED = "directory.role.granted"
    ROLE_WITHDRAWN = "directory.role.withdrawn"
    TEAM_CREATED = "directory.team.created"
    TEAM_CHANGED = "directory.team.changed"
    MEMBER_ADDED = "directory.team.member_added"
    MEMBER_CHANGED = "directory.team.member_changed"
    MEMBER_REMOVED = "directory.team.member_removed"
    SERVICE_CREATED = "directory.service.created"
    SERVICE_CHANGED = "directory.service.changed"
    SERVICE_RETIRED = "directory.service.retired"
    SERVICE_RESTORED = "directory.service.restored"
    CALENDAR_CREATED = "directory.calendar.created"
    CALENDAR_CHANGED = "directory.calendar.changed"
    ORGANISATION_CHANGED = "directory.organisation.changed"


class Criticality(StrEnum):
    """How much the organisation depends on a service."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
