"""Reading the trail in tests."""

import sqlalchemy as sa

from portal.core.audit.models import AuditEvent
from portal.core.db import db


def told() -> list[AuditEvent]:
    """Every event so far, oldest first."""
    return list(db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)))


def actions() -> list[str]:
    return [event.action for event in told()]
