"""What people do about a failed job. Either way its entry goes; the audit trail keeps what it was."""

from flask_babel import gettext

from portal.core.audit.services import Actor, record
from portal.core.db import db
from portal.core.errors import Refused
from portal.core.jobs import find_job
from portal.core.jobs.enums import Event
from portal.core.jobs.models import JobFailure


class JobIsGone(Refused):
    """This version has no job of that name."""


def retry_failure(failure: JobFailure, *, actor: Actor) -> None:
    """Queue the job again as it was; should it fail again, that is a new entry.

    Raises:
        JobIsGone: this version does not know the job.
    """
    job = find_job(failure.job)
    if job is None:
        raise JobIsGone(gettext("This version of the portal has no such job. Dismiss the entry instead."))
    _settle(failure, Event.RETRIED, actor)
    job.after_commit(*failure.arguments)


def dismiss_failure(failure: JobFailure, *, actor: Actor) -> None:
    """Take the entry from the list; the job itself goes on as ever."""
    _settle(failure, Event.DISMISSED, actor)


def _settle(failure: JobFailure, event: Event, actor: Actor) -> None:
    was = {"error": failure.error, "times": failure.times, "at": failure.at, "arguments": failure.arguments}
    record(event, failure, actor=actor, before=was)
    db.session.delete(failure)
    db.session.flush()
