import sqlalchemy as sa
from sqlalchemy.orm import defer

from portal.core.db import db
from portal.core.jobs.models import JobFailure
from portal.core.web import Page, paginate


def list_failures() -> Page[JobFailure]:
    """Return the failed jobs nobody has dealt with, the newest first."""
    query = sa.select(JobFailure).options(defer(JobFailure.traceback))
    return paginate(query.order_by(JobFailure.at.desc(), JobFailure.id.desc()))


def find_failure(failure_id: int, *, to_change: bool = False) -> JobFailure | None:
    query = sa.select(JobFailure).where(JobFailure.id == failure_id)
    return db.session.scalars(query.with_for_update() if to_change else query).one_or_none()
