"""Business calendars: when teams work."""

import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import sqlalchemy as sa
from flask_babel import gettext

from portal.core.audit.services import record
from portal.core.db import db
from portal.core.errors import Refused
from portal.directory.enums import Event
from portal.directory.models import BusinessCalendar, BusinessHours, Holiday, User

_KEY = re.compile(r"[a-z][a-z0-9-]{1,59}")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class CalendarRefused(Refused):
    """A calendar cannot be made or changed like this."""


@dataclass(frozen=True)
class CalendarFacts:
    """What is entered about a calendar: for each weekday, Monday first, its stretches in minutes since midnight."""

    name: str
    time_zone: str
    week: Sequence[Sequence[tuple[int, int]]]
    holidays: Sequence[tuple[date, str]] = ()


def create_calendar(key: str, facts: CalendarFacts, *, actor: User | None) -> BusinessCalendar:
    """Make a calendar.

    Raises:
        CalendarRefused: the key is malformed or taken, the zone unknown, stretches overlap or there are none.
    """
    key = key.strip().lower()
    if not _KEY.fullmatch(key):
        raise CalendarRefused(gettext("Use small letters, digits and - and begin with a letter."), field="key")
    if db.session.scalar(sa.select(BusinessCalendar.id).where(BusinessCalendar.key == key)) is not None:
        raise CalendarRefused(gettext("Another calendar has this key. Choose a different one."), field="key")
    _refuse_wrong(facts)
    calendar = BusinessCalendar(key=key, name=facts.name.strip(), time_zone=facts.time_zone)
    _replace_rows(calendar, facts)
    db.session.add(calendar)
    db.session.flush()
    record(Event.CALENDAR_CREATED, calendar, actor=actor, after={"key": key, **told_of(calendar)})
    return calendar


def change_calendar(calendar: BusinessCalendar, facts: CalendarFacts, *, actor: User | None) -> None:
    """Change a calendar's hours, holidays, name or zone.

    Raises:
        CalendarRefused: the zone is unknown, stretches overlap or there are none.
    """
    _refuse_wrong(facts)
    before = told_of(calendar)
    calendar.name, calendar.time_zone = facts.name.strip(), facts.time_zone
    calendar.hours, calendar.holidays = [], []
    # The old rows must be gone before new ones take their place in the unique constraints.
    db.session.flush()
    _replace_rows(calendar, facts)
    after = told_of(calendar)
    differing = [name for name in after if after[name] != before[name]]
    if differing:
        record(
            Event.CALENDAR_CHANGED,
            calendar,
            actor=actor,
            before={name: before[name] for name in differing},
            after={name: after[name] for name in differing},
        )
    db.session.flush()


def told_of(calendar: BusinessCalendar) -> dict[str, str | list[str]]:
    """Return a calendar in words for the audit trail."""
    week = {
        DAYS[day]: ", ".join(
            f"{clock_text(item.opens_minute)}-{clock_text(item.closes_minute)}"
            for item in sorted(calendar.hours, key=lambda row: row.opens_minute)
            if item.weekday == day
        )
        for day in range(7)
    }
    holidays = [f"{item.day} {item.name}" for item in sorted(calendar.holidays, key=lambda row: row.day)]
    return {"name": calendar.name, "time_zone": calendar.time_zone, **week, "holidays": holidays}


def clock_text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _replace_rows(calendar: BusinessCalendar, facts: CalendarFacts) -> None:
    calendar.hours = [
        BusinessHours(weekday=day, opens_minute=opens, closes_minute=closes)
        for day, stretches in enumerate(facts.week)
        for opens, closes in sorted(stretches)
    ]
    calendar.holidays = [Holiday(day=day, name=name) for day, name in sorted(facts.holidays)]


def _refuse_wrong(facts: CalendarFacts) -> None:
    if facts.time_zone not in zoneinfo.available_timezones():
        raise CalendarRefused(gettext("Choose one of the time zones."), field="time_zone")
    if not any(facts.week):
        raise CalendarRefused(gettext("Enter working hours for at least one day."), field=DAYS[0])
    for name, stretches in zip(DAYS, facts.week, strict=True):
        ordered = sorted(stretches)
        if any(not 0 <= opens < closes <= 24 * 60 for opens, closes in ordered):
            raise CalendarRefused(gettext("Each stretch must end after it begins, by 24:00."), field=name)
        if any(later[0] < earlier[1] for earlier, later in pairwise(ordered)):
            raise CalendarRefused(gettext("Two stretches of this day overlap."), field=name)
    days = [day for day, _ in facts.holidays]
    if len(set(days)) != len(days):
        raise CalendarRefused(gettext("A day is in the list of holidays twice."), field="holidays")
