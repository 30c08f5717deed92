"""Removing what no row names: uploads whose transaction was rolled back, and files whose row was deleted."""

import time
from datetime import timedelta

import sqlalchemy as sa

from portal.core.db import db
from portal.core.files.models import StoredFile
from portal.core.files.services import folder
from portal.core.jobs import Schedule, job, stopping

# Younger ones may belong to a transaction that is still under way.
LEAST_AGE = timedelta(days=1)


@job("files.remove_orphans", every=Schedule(hour="3", minute="20"), long=True)
def remove_orphans() -> None:
    """Remove the files in the data folder that no row names and that are older than a day."""
    youngest = time.time() - LEAST_AGE.total_seconds()
    for path in folder().glob("??/*"):
        if stopping.is_set():
            return
        if path.is_file() and path.stat().st_mtime < youngest and not _is_named(path.name):
            path.unlink(missing_ok=True)


def _is_named(digest: str) -> bool:
    return bool(db.session.scalar(sa.select(sa.exists().where(StoredFile.digest == digest))))
