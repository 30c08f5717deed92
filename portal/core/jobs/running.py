"""What surrounds a job while the worker runs it: its place in time, its failures, its signs of life."""

import logging
import os
import socket
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import sqlalchemy as sa

from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.jobs.models import JobFailure, PeriodicRun, WorkerHeartbeat

logger = logging.getLogger(__name__)

BEAT_SECONDS = 10
# A worker busy with one long job still beats; one silent for this long is gone.
SILENT_AFTER = timedelta(seconds=45)
KEPT = timedelta(days=30)

# Set when the worker is asked to stop: a job that works through a list stops at the next item.
stopping = Event()


def claim_minute(job: str) -> bool:
    """Whether this worker is the first to start a periodic job in the current minute."""
    minute = clock.now().replace(second=0, microsecond=0)
    with unit_of_work():
        moved = sa.update(PeriodicRun).where(PeriodicRun.job == job, PeriodicRun.minute < minute).values(minute=minute)
        if db.session.execute(moved).rowcount:  # type: ignore[attr-defined]
            return True
        if db.session.get(PeriodicRun, job) is not None:
            return False
        return _insert_first(job, minute)


def _insert_first(job: str, minute: datetime) -> bool:
    try:
        with db.session.begin_nested():
            db.session.add(PeriodicRun(job=job, minute=minute))
    except sa.exc.IntegrityError:
        return False
    return True


def note_failure(job: str, error: BaseException, arguments: Sequence[Any] = ()) -> None:
    """Log a failed job and keep it where people can see it."""
    logger.error("The job %s failed.", job, exc_info=error, extra={"job": job})
    words = f"{type(error).__name__}: {error}"[:2_000]
    with unit_of_work():
        alike = sa.select(JobFailure).where(JobFailure.job == job, JobFailure.error == words).with_for_update()
        known = next((row for row in db.session.scalars(alike) if row.arguments == list(arguments)), None)
        failure = known or JobFailure(job=job, error=words, arguments=list(arguments), times=0)
        failure.times, failure.at = failure.times + 1, clock.now()
        failure.traceback = "".join(traceback.format_exception(error))[-20_000:]
        db.session.add(failure)


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:160]


def beat(started_at: datetime) -> None:
    """Write this worker's sign of life, and forget workers that are long gone."""
    now = clock.now()
    with unit_of_work():
        db.session.merge(WorkerHeartbeat(name=worker_name(), started_at=started_at, seen_at=now))
        db.session.execute(sa.delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < now - timedelta(hours=1)))


def sign_off() -> None:
    """Take this worker from the list of living ones: it stops on purpose."""
    with unit_of_work():
        db.session.execute(sa.delete(WorkerHeartbeat).where(WorkerHeartbeat.name == worker_name()))


def count_workers() -> int:
    """Count the workers that gave a sign of life lately."""
    living = WorkerHeartbeat.seen_at > clock.now() - SILENT_AFTER
    return db.session.scalar(sa.select(sa.func.count()).where(living)) or 0


def forget_old_failures() -> None:
    db.session.execute(sa.delete(JobFailure).where(JobFailure.at < clock.now() - KEPT))
