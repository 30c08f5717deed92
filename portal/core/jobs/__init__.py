"""Background jobs: declared beside the feature, queued by a commit, run by the worker.

The queue is huey: a SQLite file in the data folder by default, Redis by setting. A job is only a nudge; what must not
be lost stands in our own tables, and a periodic job sweeps up what a killed worker left behind.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from portal.core.db import db
from portal.core.jobs.long_jobs import AGAIN_SECONDS, LongJobs
from portal.core.jobs.running import claim_minute, note_failure, stopping
from portal.core.memory import give_back_memory, left_out
from portal.core.origin import origin
from portal.core.settings import Settings

if TYPE_CHECKING:
    from huey import Huey

__all__ = ["Job", "Schedule", "find_job", "init_app", "job", "queue_of", "stopping", "within_app"]

logger = logging.getLogger(__name__)

_AFTER_COMMIT = "jobs_after_commit"
# A job that works for so long has used memory worth giving back, and the worker lives for months.
_SECONDS_THAT_LEAVE_MEMORY = 0.1
_registry: dict[str, Job] = {}
# Called after every job with its name, "done" or "failed", and its seconds; the metrics listen here.
observers: list[Callable[[str, str, float], None]] = []


@dataclass(frozen=True)
class Schedule:
    """When a periodic job is due, in the words of cron and in UTC."""

    minute: str = "*"
    hour: str = "*"


@dataclass(frozen=True)
class Job:
    """A declared job. Call it to run it now; ``after_commit`` queues it for the worker."""

    name: str
    run: Callable[..., None]
    every: Schedule | None = None
    at_start: bool = False
    long: bool = False

    def __call__(self, *args: Any) -> None:
        self.run(*args)

    def after_commit(self, *args: Any) -> None:
        """Queue the job when the current transaction commits; equal calls in one transaction are queued once."""
        if not db.session.in_transaction():
            db.session.begin()
        waiting: list[tuple[str, tuple[Any, ...]]] = db.session.info.setdefault(_AFTER_COMMIT, [])
        if (self.name, args) not in waiting:
            waiting.append((self.name, args))

    def queue(self, *args: Any) -> None:
        """Queue the job at once, outside any transaction."""
        _task(self.name)(*args)

    def schedule(self, *args: Any, seconds: float) -> None:
        """Queue the job to run after a delay, outside any transaction."""
        _task(self.name).schedule(args=args, delay=seconds)


def job(
    name: str, *, every: Schedule | None = None, at_start: bool = False, long: bool = False
) -> Callable[[Callable[..., None]], Job]:
    """Declare a function as a background job.

    ``every`` runs it on a schedule as well; ``at_start`` also as soon as a worker starts, for the jobs that take up
    what a killed worker left behind. ``long`` is for one that may take minutes: it waits rather than take the last
    thread of the worker, or run while the same is running.
    """

    def declare(function: Callable[..., None]) -> Job:
        declared = Job(name, function, every, at_start, long)
        _registry[name] = declared
        return declared

    return declare


def init_app(app: Flask, settings: Settings) -> None:
    """Make the queue and register every declared job with it."""
    queue = _make_queue(app, settings)
    from huey import crontab

    app.extensions["portico_queue"] = queue
    app.extensions["portico_tasks"] = {}
    app.extensions["portico_long_jobs"] = LongJobs(settings.job_threads)
    for declared in _registry.values():
        in_app = within_app(app, declared)
        app.extensions["portico_tasks"][declared.name] = queue.task(name=declared.name)(in_app)
        if declared.every is not None:
            once = within_app(app, declared, once_a_minute=True)
            every = crontab(minute=declared.every.minute, hour=declared.every.hour)
            queue.periodic_task(every, name=f"{declared.name}.periodic")(once)
    if not event.contains(Session, "after_commit", _enqueue_waiting):
        event.listen(Session, "after_commit", _enqueue_waiting)
        event.listen(Session, "after_soft_rollback", _drop_waiting)


def queue_of(app: Flask) -> Huey:
    queue: Huey = app.extensions["portico_queue"]
    return queue


def find_job(name: str) -> Job | None:
    return _registry.get(name)


def queue_starting_jobs() -> None:
    """Queue the jobs that a worker begins with."""
    for declared in _registry.values():
        if declared.at_start:
            declared.queue()


def _make_queue(app: Flask, settings: Settings) -> Huey:
    # Huey loads a client for every kind of queue that it finds one for; PostgreSQL keeps no queue of ours.
    with left_out("psycopg", *([] if settings.redis_url else ["redis"])):
        from huey import MemoryHuey, RedisHuey, SqliteHuey
    if app.testing:
        return MemoryHuey("portico", immediate=False)
    if settings.redis_url:
        return RedisHuey("portico", url=settings.redis_url)
    return SqliteHuey("portico", filename=str(settings.data_dir / "queue.sqlite3"), fsync=False)


def _task(name: str) -> Any:
    return current_app.extensions["portico_tasks"][name]


def within_app(app: Flask, declared: Job, *, once_a_minute: bool = False) -> Callable[..., None]:
    """Return what the worker runs for a job."""

    @wraps(declared.run)
    def run(*args: Any) -> None:
        with app.app_context(), origin(f"job {declared.name}"):
            # Every node has a scheduler; the database says which of them is first.
            if once_a_minute and not claim_minute(declared.name):
                return
            if declared.long:
                _run_when_there_is_room(declared, args)
            else:
                _run_observed(declared, args)

    return run


def _run_when_there_is_room(declared: Job, args: tuple[Any, ...]) -> None:
    jobs: LongJobs = current_app.extensions["portico_long_jobs"]
    key = (declared.name, args)
    if not jobs.enter(key):
        if jobs.postpone(key):
            declared.schedule(*args, seconds=AGAIN_SECONDS)
        return
    try:
        _run_observed(declared, args)
    finally:
        jobs.leave(key)


def _run_observed(declared: Job, args: tuple[Any, ...]) -> None:
    started, outcome = perf_counter(), "done"
    try:
        declared.run(*args)
    except Exception as error:
        outcome = "failed"
        note_failure(declared.name, error, args)
        raise
    finally:
        seconds = perf_counter() - started
        for observe in observers:
            observe(declared.name, outcome, seconds)
        if seconds > _SECONDS_THAT_LEAVE_MEMORY:
            give_back_memory()


def _enqueue_waiting(session: Session) -> None:
    if session.in_nested_transaction():
        return
    for name, args in session.info.pop(_AFTER_COMMIT, []):
        # The change is committed; a queue that does not answer must not make it look as if it were not. The periodic
        # jobs find what was not announced.
        try:
            _task(name)(*args)
        except Exception:
            logger.exception("The job %s could not be queued; the periodic run will find its work.", name)


def _drop_waiting(session: Session, transaction: SessionTransaction) -> None:
    if not transaction.nested:
        session.info.pop(_AFTER_COMMIT, None)
