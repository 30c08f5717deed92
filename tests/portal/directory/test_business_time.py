"""Working time: the known cases, and what holds for every calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.directory.business_time import (
    NeverOpen,
    Schedule,
    add_business_time,
    business_time_between,
    is_open,
    next_opening,
    schedule_of,
)
from portal.directory.models import Holiday
from tests.factories.directory import make_calendar

BERLIN = ZoneInfo("Europe/Berlin")
DAY = ((540, 720), (780, 1020))  # 9 to 12 and 13 to 17
OFFICE = Schedule("Europe/Berlin", (DAY, DAY, DAY, DAY, DAY, (), ()), frozenset({date(2026, 5, 1)}))
ALWAYS = Schedule("Europe/Berlin", (((0, 1440),),) * 7)
# Places where clocks behave in every way they know: by half hours, at midnight, a whole day at once.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Havana",
)


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN)  # type: ignore[misc, arg-type]


def hours(amount: float) -> timedelta:
    return timedelta(hours=amount)


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        (berlin(2026, 3, 2, 9), hours(2), berlin(2026, 3, 2, 11)),
        (berlin(2026, 3, 2, 11), hours(2), berlin(2026, 3, 2, 14)),  # over the break
        (berlin(2026, 3, 2, 16), hours(2), berlin(2026, 3, 3, 10)),  # over the night
        (berlin(2026, 3, 6, 16), hours(2), berlin(2026, 3, 9, 10)),  # over the weekend
        (berlin(2026, 3, 7, 12), hours(1), berlin(2026, 3, 9, 10)),  # begun at the weekend
        (berlin(2026, 4, 30, 16), hours(2), berlin(2026, 5, 4, 10)),  # over a holiday and the weekend after it
        (berlin(2026, 3, 27, 16), hours(2), berlin(2026, 3, 30, 10)),  # over the change to summer time
        (berlin(2026, 3, 2, 10), hours(7), berlin(2026, 3, 3, 10)),
        (berlin(2026, 3, 2, 9), hours(7), berlin(2026, 3, 2, 17)),  # exactly to closing
    ],
)
def test_known_cases(start: datetime, duration: timedelta, end: datetime) -> None:
    assert add_business_time(OFFICE, start, duration) == end
    assert business_time_between(OFFICE, start, end) == duration


def test_skipped_hour_is_not_counted_and_repeated_hour_counts_twice() -> None:
    assert business_time_between(ALWAYS, berlin(2026, 3, 29), berlin(2026, 3, 30)) == hours(23)
    assert business_time_between(ALWAYS, berlin(2026, 10, 25), berlin(2026, 10, 26)) == hours(25)
    night = Schedule("Europe/Berlin", (((120, 180),),) * 7)
    assert business_time_between(night, berlin(2026, 3, 29), berlin(2026, 3, 30)) == hours(0)
    assert business_time_between(night, berlin(2026, 10, 25), berlin(2026, 10, 26)) == hours(2)


def test_day_that_never_was() -> None:
    apia = Schedule("Pacific/Apia", (((0, 1440),),) * 7)
    zone, day = ZoneInfo("Pacific/Apia"), timedelta(days=1)
    since, until = datetime(2011, 12, 29, tzinfo=zone), datetime(2012, 1, 1, tzinfo=zone)
    assert business_time_between(apia, since, until) == 2 * day


def test_next_opening() -> None:
    assert next_opening(OFFICE, berlin(2026, 3, 2, 10, 5)) == berlin(2026, 3, 2, 10, 5)
    assert next_opening(OFFICE, berlin(2026, 3, 2, 12, 0)) == berlin(2026, 3, 2, 13)
    assert next_opening(OFFICE, berlin(2026, 4, 30, 17)) == berlin(2026, 5, 4, 9)


def test_answers_are_in_utc() -> None:
    for answer in (
        add_business_time(OFFICE, berlin(2026, 3, 2, 9), hours(1)),
        add_business_time(OFFICE, berlin(2026, 3, 2, 9), hours(0)),
        next_opening(OFFICE, berlin(2026, 3, 2, 9)),
    ):
        assert answer.tzinfo is UTC


def test_calendar_without_hours_is_refused(app: Flask) -> None:
    with pytest.raises(NeverOpen):
        next_opening(Schedule("UTC", ((),) * 7), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(NeverOpen):
        add_business_time(Schedule("UTC", ((),) * 7), datetime(2026, 1, 1, tzinfo=UTC), hours(1))
    with pytest.raises(ValueError):
        add_business_time(OFFICE, berlin(2026, 3, 2), -hours(1))


def test_calendar_of_the_database(app: Flask) -> None:
    calendar = make_calendar("Europe/Berlin", hours=DAY)
    calendar.holidays.append(Holiday(day=date(2026, 5, 1), name="Labour Day"))
    assert schedule_of(calendar) == OFFICE
    assert add_business_time(calendar, berlin(2026, 4, 30, 16), hours(2)) == berlin(2026, 5, 4, 10)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    week = []
    for _ in range(7):
        edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
        week.append(tuple(zip(edges[::2], edges[1::2], strict=False)))
    if not any(week):
        week[0] = ((540, 1020),)
    holidays = draw(st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=5))
    return Schedule(draw(st.sampled_from(ZONES)), tuple(week), holidays)


def moments() -> st.SearchStrategy[datetime]:
    return st.one_of(
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
        # Around the changes of the clocks, where it could go wrong.
        st.datetimes(datetime(2026, 3, 27), datetime(2026, 3, 31), timezones=st.just(UTC)),
        st.datetimes(datetime(2026, 10, 23), datetime(2026, 10, 27), timezones=st.just(UTC)),
        st.datetimes(datetime(2011, 12, 28), datetime(2012, 1, 2), timezones=st.just(UTC)),
        # St John's turned its clocks back from one minute past midnight into the day before.
        st.datetimes(datetime(2010, 11, 5), datetime(2010, 11, 9), timezones=st.just(UTC)),
    )


def durations() -> st.SearchStrategy[timedelta]:
    return st.timedeltas(timedelta(0), timedelta(hours=60))


relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(schedules(), moments(), durations())
def test_adding_and_measuring_are_inverse(schedule: Schedule, start: datetime, duration: timedelta) -> None:
    end = add_business_time(schedule, start, duration)
    assert end >= start
    assert business_time_between(schedule, start, end) == duration
    assert business_time_between(schedule, end, start) == -duration


@relaxed
@given(schedules(), moments(), durations(), durations())
def test_adding_is_additive_and_monotone(
    schedule: Schedule, start: datetime, first: timedelta, second: timedelta
) -> None:
    once = add_business_time(schedule, start, first + second)
    assert add_business_time(schedule, add_business_time(schedule, start, first), second) == once
    assert add_business_time(schedule, start, first) <= once


@relaxed
@given(schedules(), moments(), st.timedeltas(timedelta(0), timedelta(days=9)), durations())
def test_a_later_start_never_ends_earlier(
    schedule: Schedule, start: datetime, later: timedelta, duration: timedelta
) -> None:
    assert add_business_time(schedule, start, duration) <= add_business_time(schedule, start + later, duration)


@relaxed
@given(schedules(), moments(), st.lists(st.timedeltas(timedelta(0), timedelta(days=9)), min_size=2, max_size=2))
def test_measuring_is_additive_and_never_more_than_the_time(
    schedule: Schedule, start: datetime, gaps: list[timedelta]
) -> None:
    middle, end = start + gaps[0], start + gaps[0] + gaps[1]
    whole = business_time_between(schedule, start, end)
    assert business_time_between(schedule, start, middle) + business_time_between(schedule, middle, end) == whole
    assert timedelta(0) <= whole <= end - start


@relaxed
@given(schedules(), moments(), st.integers(1, 6 * 60))
def test_counts_exactly_the_open_minutes(schedule: Schedule, start: datetime, minutes: int) -> None:
    """The definition itself, minute by minute: closed time is never counted, open time always."""
    start = start.replace(second=0, microsecond=0)
    counted = sum(is_open(schedule, start + timedelta(minutes=number)) for number in range(minutes))
    assert business_time_between(schedule, start, start + timedelta(minutes=minutes)) == timedelta(minutes=counted)


@relaxed
@given(schedules(), moments())
def test_next_opening_is_open_and_nothing_before_it_is(schedule: Schedule, moment: datetime) -> None:
    opening = next_opening(schedule, moment)
    assert is_open(schedule, opening)
    assert business_time_between(schedule, moment, opening) == timedelta(0)
    assert opening == moment or not is_open(schedule, moment)
