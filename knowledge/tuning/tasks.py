"""Work of the search log that the worker does."""

from datetime import timedelta

import sqlalchemy as sa
from flask import current_app

from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.jobs import Schedule, job


@job("knowledge.forget_searches", every=Schedule(hour="3", minute="50"))
def forget_searches() -> None:
    """Delete searches, and what came of them, that are older than the setting says."""
    # Services queue jobs, so jobs are declared before models and services are imported.
    from knowledge.tuning.models import SearchQuery, SearchStep

    settings = current_app.extensions["portico_settings"]
    oldest = clock.now() - timedelta(days=settings.search_log_days)
    with unit_of_work():
        db.session.execute(sa.delete(SearchQuery).where(SearchQuery.at < oldest))
        db.session.execute(sa.delete(SearchStep).where(SearchStep.at < oldest))


@job("knowledge.find_popular_searches", every=Schedule(minute="*/10"), at_start=True, long=True)
def find_popular_searches() -> None:
    """Make the list of searches that are offered while somebody types."""
    from knowledge.tuning.popular import renew_popular

    with unit_of_work():
        renew_popular()
