"""Sending an update on its way to the subscribers."""

from portal.core.db import db
from status_page.models import Broadcast, IncidentUpdate
from status_page.tasks import queue_messages


def queue_broadcast(update: IncidentUpdate, *, occasion: str = "update") -> None:
    """Note in the current transaction that subscribers are to hear of an update; a job writes their messages.

    Each update is told once for each occasion: the database refuses a second row.
    """
    if update.notifies:
        db.session.flush()
        db.session.add(Broadcast(update_id=update.id, occasion=occasion))
        queue_messages.after_commit()
