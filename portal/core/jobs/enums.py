from enum import StrEnum


class Permission(StrEnum):
    """Rights on the list of failed jobs."""

    READ = "jobs.failure.read"
    SETTLE = "jobs.failure.settle"


class Event(StrEnum):
    """What people do about a failed job."""

    RETRIED = "jobs.failure.retried"
    DISMISSED = "jobs.failure.dismissed"
