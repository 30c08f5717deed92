"""Bars and windows on the days when clocks are put forward and back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from status_page.enums import ComponentState
from status_page.services.recurrence import Planned, Repeat, repeat_window
from status_page.timeline import Segment, Stretch
from status_page.uptime import DAYS_SHOWN, fill_days, last_days, uptime

# Europe changes in the night, Lord Howe by half an hour, Havana and Beirut at midnight; Phoenix never.
ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "America/Phoenix"]
).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
AUTUMN = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 in Berlin for the second time
SPRING = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)  # 02:30 in Berlin, which the next night leaps over


@given(MOMENTS, st.integers(1, 40), st.sampled_from(list(Repeat)), st.integers(1, 12), ZONES)
@example(AUTUMN, 2, Repeat.DAILY, 3, ZoneInfo("Europe/Berlin"))
@example(SPRING, 1, Repeat.DAILY, 3, ZoneInfo("Europe/Berlin"))
def test_repeated_windows_keep_their_local_time_and_their_length(
    start: datetime, hours: int, repeat: Repeat, times: int, zone: ZoneInfo
) -> None:
    first = Planned(start, start + timedelta(hours=hours))
    windows = repeat_window(first, repeat, times=times, zone=zone)
    assert windows[0] == first
    assert len(windows) == (1 if repeat == Repeat.ONCE else times)
    assert all(window.ends_at - window.starts_at == timedelta(hours=hours) for window in windows)
    starts = [window.starts_at for window in windows]
    assert starts == sorted(set(starts))
    local = start.astimezone(zone).time().replace(fold=0)
    for window in windows:
        found = window.starts_at.astimezone(zone)
        wanted = datetime.combine(found.date(), local)
        leapt = wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wanted
        assert leapt or found.time().replace(fold=0) == local


@given(MOMENTS, ZONES, st.lists(st.tuples(st.integers(0, 100 * 24 * 60), st.integers(1, 5_000)), max_size=6))
def test_bars_count_each_minute_once_whatever_the_clocks_do(
    now: datetime, zone: ZoneInfo, stretches: list[tuple[int, int]]
) -> None:
    days = last_days(now, zone, DAYS_SHOWN)
    assert len(days) == DAYS_SHOWN and days[-1].day == now.astimezone(zone).date()
    assert all(day.end == following.start for day, following in pairwise(days))
    timeline: list[Segment] = []
    for back, minutes in sorted(stretches, reverse=True):
        start = max([now - timedelta(minutes=back), *(piece.end for piece in timeline if piece.end)])
        reason = Stretch(ComponentState.MAJOR, start, start + timedelta(minutes=minutes))
        timeline.append(Segment(start, reason.end, reason.state, reason))
    filled = fill_days(days, timeline, since=days[0].start, now=now)
    drawn = sum(day.seconds.get(ComponentState.MAJOR, 0) for day in filled)
    edges = [(max(piece.start, days[0].start), min(piece.end or now, now)) for piece in timeline]
    happened = sum(max(0.0, (end - start).total_seconds()) for start, end in edges)
    assert abs(drawn - happened) < 1e-3
    assert abs(sum(day.observed for day in filled) - (now - days[0].start).total_seconds()) < 1e-3
    share = uptime(filled, {ComponentState.MAJOR: 1.0})
    assert share is None or 0 <= share <= 1
    for day in filled:
        assert sum(day.seconds.values()) <= day.observed + 1e-3
