from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.db import Identified, Model


class WorkerHeartbeat(Model):
    """The sign of life of one worker process, renewed every few seconds."""

    __tablename__ = "worker_heartbeat"

    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class PeriodicRun(Model):
    """The last minute for which a periodic job was started, so that only one of several workers starts it."""

    __tablename__ = "periodic_run"

    job: Mapped[str] = mapped_column(String(100), primary_key=True)
    minute: Mapped[datetime]


class JobFailure(Identified, Model):
    """A background job that ended with an error, until somebody deals with it.

    A job that fails alike again and again is one entry that counts.
    """

    __tablename__ = "job_failure"

    job: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    error: Mapped[str]
    arguments: Mapped[list[Any]] = mapped_column(JSON, default=list)
    traceback: Mapped[str] = mapped_column(default="")
    times: Mapped[int] = mapped_column(default=1)

    def __str__(self) -> str:
        return self.job
