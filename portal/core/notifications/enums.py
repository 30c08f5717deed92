from enum import StrEnum


class Permission(StrEnum):
    """Rights on one's own notifications."""

    READ = "notification.own.read"
