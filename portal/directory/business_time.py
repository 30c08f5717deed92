"""Counting in working time: how long a team has worked between two moments, and when its time is up.

A moment is open when the wall clock of the calendar's time zone stands within one of the weekday's stretches and the
day is no holiday. Everything follows from that: an hour the clocks skip in spring is not counted, an hour they repeat
in autumn is counted twice, and a break or a holiday never counts. All moments are aware; answers are in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask_babel import gettext

from portal.core.errors import Refused
from portal.directory.models import BusinessCalendar

Interval = tuple[datetime, datetime]

A_DAY = timedelta(days=1)
# Whoever has no opening for so long has none at all.
FARTHEST = 3 * 366


class NeverOpen(Refused):
    """A calendar has no working hours, or holidays on all of them."""


@dataclass(frozen=True)
class Schedule:
    """A calendar as plain values: stretches of minutes since midnight for each weekday (Monday first), holidays."""

    time_zone: str
    week: tuple[tuple[tuple[int, int], ...], ...]
    holidays: frozenset[date] = frozenset()

    def stretches(self, day: date) -> tuple[tuple[int, int], ...]:
        return () if day in self.holidays else self.week[day.weekday()]


def schedule_of(calendar: BusinessCalendar) -> Schedule:
    """Return a calendar's hours and holidays as plain values; reads its rows when they are not loaded yet."""
    week = tuple(
        tuple(sorted((item.opens_minute, item.closes_minute) for item in calendar.hours if item.weekday == day))
        for day in range(7)
    )
    return Schedule(calendar.time_zone, week, frozenset(item.day for item in calendar.holidays))


def is_open(calendar: BusinessCalendar | Schedule, moment: datetime) -> bool:
    """Whether the team works at a moment. A stretch includes its opening and not its closing."""
    schedule = _plain(calendar)
    wall = moment.astimezone(ZoneInfo(schedule.time_zone))
    minutes = wall.hour * 60 + wall.minute
    return any(opens <= minutes < closes for opens, closes in schedule.stretches(wall.date()))


def next_opening(calendar: BusinessCalendar | Schedule, moment: datetime) -> datetime:
    """Return the moment itself when the team works then, else the next at which it begins to.

    Raises:
        NeverOpen: the calendar has no working time within three years.
    """
    return next(_intervals(_plain(calendar), moment))[0]


def add_business_time(calendar: BusinessCalendar | Schedule, start: datetime, duration: timedelta) -> datetime:
    """Return the earliest moment at which ``duration`` of working time has passed since ``start``.

    Raises:
        NeverOpen: the calendar has no working time within three years.
        ValueError: the duration is negative.
    """
    if duration < timedelta(0):
        raise ValueError("A duration of working time cannot be negative.")
    if not duration:
        return start.astimezone(UTC)
    for opens, closes in _intervals(_plain(calendar), start):
        if duration <= closes - opens:
            return opens + duration
        duration -= closes - opens
    raise AssertionError("The intervals end only by an error.")


def business_time_between(calendar: BusinessCalendar | Schedule, start: datetime, end: datetime) -> timedelta:
    """Return the working time between two moments; negative when ``end`` lies before ``start``."""
    if end < start:
        return -business_time_between(calendar, end, start)
    schedule, start, end = _plain(calendar), start.astimezone(UTC), end.astimezone(UTC)
    total, day = timedelta(0), start.date()
    while day <= end.date():
        for opens, closes in _open_on(schedule, day):
            total += max(min(closes, end) - max(opens, start), timedelta(0))
        day += A_DAY
    return total


def _plain(calendar: BusinessCalendar | Schedule) -> Schedule:
    return calendar if isinstance(calendar, Schedule) else schedule_of(calendar)


def _intervals(schedule: Schedule, start: datetime) -> Iterator[Interval]:
    """Yield the open intervals from ``start`` on, in order, without end."""
    start = start.astimezone(UTC)
    day, fruitless = start.date(), 0
    while fruitless < FARTHEST:
        fruitless += 1
        for opens, closes in _open_on(schedule, day):
            if closes > start:
                fruitless = 0
                yield max(opens, start), closes
        day += A_DAY
    raise NeverOpen(gettext("This calendar has no working hours. Enter some, or choose another calendar."))


@lru_cache(maxsize=8192)
def _open_on(schedule: Schedule, day: date) -> tuple[Interval, ...]:
    """Return the open intervals within one day of UTC.

    Between two changes of the offset, wall clock and UTC run in step; so the day is cut there, and each piece is
    compared with the local days it touches.
    """
    zone = ZoneInfo(schedule.time_zone)
    begin = datetime.combine(day, time(), UTC)
    found = []
    for since, until in _pieces(zone, begin, begin + A_DAY):
        offset = since.astimezone(zone).utcoffset() or timedelta(0)
        wall_since, wall_until = since.replace(tzinfo=None) + offset, until.replace(tzinfo=None) + offset
        local = wall_since.date()
        while local <= wall_until.date():
            midnight = datetime.combine(local, time())
            for opens, closes in schedule.stretches(local):
                low = max(midnight + timedelta(minutes=opens), wall_since)
                high = min(midnight + timedelta(minutes=closes), wall_until)
                if low < high:
                    found.append(((low - offset).replace(tzinfo=UTC), (high - offset).replace(tzinfo=UTC)))
            local += A_DAY
    return tuple(found)


def _pieces(zone: ZoneInfo, begin: datetime, end: datetime) -> list[Interval]:
    """Cut an interval of UTC where the zone's offset changes; zones change it at most once a day."""
    first, last = begin.astimezone(zone).utcoffset(), (end - timedelta(microseconds=1)).astimezone(zone).utcoffset()
    if first == last:
        return [(begin, end)]
    low, high = begin, end
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds() // 2))
        if middle.astimezone(zone).utcoffset() == first:
            low = middle
        else:
            high = middle
    return [(begin, high), (high, end)]
