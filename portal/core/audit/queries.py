"""Reading the trail: newest first, by key and not by offset, so that it stays fast however long it grows."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import Session, sessionmaker

from portal.core.audit.models import AuditEvent, AuditHead, AuditVerification
from portal.core.db import db

PER_PAGE = 50
# Beyond this many the page says "more than": counting a million rows would take longer than showing fifty.
COUNT_CAP = 10_000
EXPORT_BATCH = 1_000
# Ids and moments rise together, but for events of transactions that took long; so far may they have been overtaken.
SLACK = 10_000


@dataclass(frozen=True)
class Filters:
    """What an auditor looks for; empty fields look for everything. Days are those of the reader's time zone."""

    actor: str = ""
    action: str = ""
    subject_type: str = ""
    subject_id: str = ""
    since: date | None = None
    until: date | None = None
    time_zone: str = "UTC"

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the WHERE of the filters; reads where the days begin in the trail."""
        found = []
        if self.actor:
            found.append(AuditEvent.actor_name == self.actor.lower())
        if self.action:
            found.append(AuditEvent.action == self.action)
        if self.subject_type:
            found.append(AuditEvent.subject_type == self.subject_type)
            # The index leads from kind to number; a number alone says nothing.
            if self.subject_id:
                found.append(AuditEvent.subject_id == self.subject_id)
        if self.since:
            begin = self._midnight(self.since)
            found += [AuditEvent.at >= begin, AuditEvent.id >= _first_id_since(begin) - SLACK]
        if self.until:
            end = self._midnight(self.until + timedelta(days=1))
            found += [AuditEvent.at < end, AuditEvent.id <= _first_id_since(end) + SLACK]
        return found

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.time_zone)).astimezone(UTC)


def _first_id_since(moment: datetime) -> int:
    query = sa.select(AuditEvent.id).where(AuditEvent.at >= moment).order_by(AuditEvent.at, AuditEvent.id).limit(1)
    found = db.session.scalar(query)
    return last_event_id() if found is None else found


@dataclass(frozen=True)
class EventPage:
    """A page of events with the keys of its neighbours; None where there is none."""

    events: Sequence[AuditEvent]
    total: int
    newer: int | None
    older: int | None

    @property
    def total_is_capped(self) -> bool:
        return self.total > COUNT_CAP


def list_events(filters: Filters, *, before: int | None = None, after: int | None = None) -> EventPage:
    """Return a page of events, newest first: the newest, those before an id, or those just after one."""
    conditions = filters.conditions()
    matching = sa.select(AuditEvent).where(*conditions)
    capped = sa.select(AuditEvent.id).where(*conditions).limit(COUNT_CAP + 1).subquery()
    total = db.session.scalar(sa.select(sa.func.count()).select_from(capped))
    if after is not None:
        query = matching.where(AuditEvent.id > after).order_by(AuditEvent.id)
        rows = list(db.session.scalars(query.limit(PER_PAGE + 1)))
        has_newer, rows = len(rows) > PER_PAGE, rows[:PER_PAGE][::-1]
        has_older = True
    else:
        query = matching if before is None else matching.where(AuditEvent.id < before)
        rows = list(db.session.scalars(query.order_by(AuditEvent.id.desc()).limit(PER_PAGE + 1)))
        has_older, rows = len(rows) > PER_PAGE, rows[:PER_PAGE]
        has_newer = before is not None
    return EventPage(
        rows,
        total or 0,
        rows[0].id if rows and has_newer else None,
        rows[-1].id if rows and has_older else None,
    )


def list_of_subjects(
    subjects: Mapping[str, Collection[int]], actions: Collection[str], *, limit: int
) -> Sequence[AuditEvent]:
    """Return what was done to some things (ids by table), the newest first; for pages that tell the life of one."""
    about = [
        sa.and_(AuditEvent.subject_type == kind, AuditEvent.subject_id.in_([str(number) for number in ids]))
        for kind, ids in subjects.items()
    ]
    query = sa.select(AuditEvent).where(sa.or_(*about), AuditEvent.action.in_(actions))
    return db.session.scalars(query.order_by(AuditEvent.id.desc()).limit(limit)).all()


def get_event(event_id: int) -> AuditEvent:
    found = db.session.get(AuditEvent, event_id)
    if found is None:
        abort(404)
    return found


def stream_events(filters: Filters, *, up_to: int) -> Iterator[AuditEvent]:
    """Return the events that fit, oldest first, read in small batches that each end their read: no long transaction.

    What needs the application is taken now; the events are read while they are sent, after the request has ended.
    """
    return _in_batches(db.sessionmaker, [*filters.conditions(), AuditEvent.id <= up_to])


def _in_batches(sessions: sessionmaker[Session], conditions: Sequence[sa.ColumnElement[bool]]) -> Iterator[AuditEvent]:
    last = 0
    while True:
        query = sa.select(AuditEvent).where(*conditions, AuditEvent.id > last).order_by(AuditEvent.id)
        with sessions() as session:
            batch = session.scalars(query.limit(EXPORT_BATCH)).all()
        yield from batch
        if len(batch) < EXPORT_BATCH:
            return
        last = batch[-1].id


def last_verification() -> AuditVerification | None:
    return db.session.scalars(sa.select(AuditVerification).order_by(AuditVerification.id.desc()).limit(1)).one_or_none()


def last_event_id() -> int:
    return db.session.scalars(sa.select(AuditHead.last_id)).one()
