from enum import StrEnum


class Permission(StrEnum):
    """Rights on the audit trail."""

    READ = "audit.event.read"
    EXPORT = "audit.event.export"


class Event(StrEnum):
    """What the audit trail records about itself."""

    EXPORTED = "audit.event.exported"
