"""Telling staff what waits for them: a text to read, a promise that is due, an incident that stays open."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.core.db import db
from portal.core.notifications.services import notify
from portal.directory.api import User, holders_of
from status_page.enums import OPEN_STATES, Permission
from status_page.models import Incident, IncidentUpdate
from status_page.queries import get_page
from status_page.services.page import touch


def ask_for_check(update: IncidentUpdate) -> None:
    """Tell everyone who may check, but not the author, that a text waits."""
    checkers = [user for user in db.session.scalars(holders_of(Permission.CHECK)) if user.id != update.author_id]
    _tell(checkers, "check", update.incident, f"update:{update.id}", author=update.author_name, body=update.body)


def tell_of_unchecked_change(incident: Incident, *, actor: User, what: str) -> None:
    """Tell everyone who may check that something readers see was changed without them."""
    checkers = [user for user in db.session.scalars(holders_of(Permission.CHECK)) if user.id != actor.id]
    _tell(checkers, "unchecked", incident, f"edition:{incident.edition}", author=str(actor), what=what)


def tell_author(update: IncidentUpdate) -> None:
    """Tell the author what a checker wants changed."""
    author = db.session.get(User, update.author_id) if update.author_id else None
    if author is not None:
        key = f"update:{update.id}"
        _tell([author], "returned", update.incident, key, checker=update.checker_name, note=update.return_note)


def remind(now: datetime) -> None:
    """Remind of promised updates that are due and of incidents that have been open for long, each once."""
    overdue = sa.select(Incident).where(
        Incident.state.in_(OPEN_STATES), Incident.next_update_at < now, Incident.reminded_at.is_(None)
    )
    for incident in db.session.scalars(overdue.order_by(Incident.id)).all():
        incident.reminded_at = now
        if incident.published_at is not None:
            # Readers see that the promise was not kept.
            touch()
        _tell(_responsible(incident), "overdue", incident, f"due:{incident.next_update_at}")
    pause = timedelta(hours=get_page().long_running_hours)
    long_open = sa.select(Incident).where(
        Incident.state.in_(OPEN_STATES),
        Incident.published_at.is_not(None),
        Incident.started_at < now - pause,
        sa.or_(Incident.long_running_reminded_at.is_(None), Incident.long_running_reminded_at < now - pause),
    )
    for incident in db.session.scalars(long_open.order_by(Incident.id)).all():
        incident.long_running_reminded_at = now
        _tell(_responsible(incident), "long_running", incident, f"long:{now.date()}")


def _responsible(incident: Incident) -> list[User]:
    """Return who wrote about it; when that was nobody who is still here, everyone who may."""
    ids = {incident.opened_by_id, *(update.author_id for update in incident.updates)} - {None}
    authors = [user for user in db.session.scalars(sa.select(User).where(User.id.in_(ids), User.is_active)) if user]
    return authors or list(db.session.scalars(holders_of(Permission.COMMUNICATE)))


def _tell(people: Iterable[User], template: str, incident: Incident, key: str, **context: Any) -> None:
    for person in people:
        notify(
            person,
            f"status_page/email/{template}",
            key=f"status-{template}:{incident.id}:{key}",
            path=f"/status/manage/incidents/{incident.id}",
            about=incident,
            thread=f"status-staff:{incident.public_id}",
            title=incident.title_in(person.locale),
            **context,
        )
