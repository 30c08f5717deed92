"""The checks behind ``/readyz``: each answers None when well, else a sentence."""

import logging
import shutil
from collections.abc import Callable

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from migrations.revisions import newest_revision
from portal.core.db import db
from portal.core.feature import registered_features
from portal.core.jobs import queue_of
from portal.core.jobs.running import count_workers

logger = logging.getLogger(__name__)

Probe = Callable[[], str | None]
LEAST_FREE_BYTES = 50 * 1024 * 1024


def run_checks() -> dict[str, str | None]:
    """Run every check and return what each says, the core's first."""
    probes: dict[str, Probe] = {"database": check_database, "queue": check_queue, "disk": check_disk}
    for feature in registered_features(current_app):
        probes |= feature.health_checks
    return {name: _run(name, probe) for name, probe in probes.items()}


def _run(name: str, probe: Probe) -> str | None:
    try:
        return probe()
    except Exception:
        # Whatever breaks a check is a finding of that check and must not hide the others.
        logger.exception("The check of %s failed.", name)
        db.session.rollback()
        return "The check itself failed; the log has the reason."


def check_database() -> str | None:
    try:
        found = db.session.connection().exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except SQLAlchemyError:
        db.session.rollback()
        return "The database does not answer."
    wanted = newest_revision()
    return None if found == wanted else f"The database is at revision {found}, not {wanted}: run “portico upgrade”."


def check_queue() -> str | None:
    try:
        queue_of(current_app).pending_count()
    except Exception as error:
        logger.warning("The queue does not answer.", exc_info=error)
        return "The queue does not answer."
    return None if count_workers() else "No worker is running: start “portico worker”."


def check_disk() -> str | None:
    folder = current_app.extensions["portico_settings"].data_dir
    free = shutil.disk_usage(folder).free
    return None if free > LEAST_FREE_BYTES else f"Only {free // 1024**2} MiB are free for the data folder."
