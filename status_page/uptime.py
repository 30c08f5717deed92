"""Uptime, weighted by how bad a state is, and the bars of the last days.

    uptime = 1 - sum(weight of state x seconds in state) / seconds observed

Planned maintenance weighs nothing. A day is a day of the page's time zone: 23 or 25 hours when the clock changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from status_page.enums import ComponentState
from status_page.timeline import Segment

DAYS_SHOWN = 90


@dataclass
class Day:
    """What one day was like: seconds in each state that is not operational, and seconds observed."""

    day: date
    start: datetime
    end: datetime
    observed: float = 0.0
    seconds: dict[ComponentState, float] = field(default_factory=dict)

    @property
    def worst(self) -> ComponentState:
        return max(self.seconds, key=lambda state: state.rank, default=ComponentState.OPERATIONAL)


def last_days(now: datetime, zone: ZoneInfo, count: int = DAYS_SHOWN) -> list[Day]:
    """Return the last ``count`` days of a time zone up to now, the oldest first; the last one is not over."""
    today = now.astimezone(zone).date()
    days = []
    for back in range(count - 1, -1, -1):
        day = today - timedelta(days=back)
        start = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        following = day + timedelta(days=1)
        end = datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)
        days.append(Day(day, start, min(end, now)))
    return days


def fill_days(days: Sequence[Day], timeline: Sequence[Segment], *, since: datetime, now: datetime) -> list[Day]:
    """Return copies of the days with what a timeline says of them; before ``since`` nothing was observed."""
    filled = []
    for day in days:
        start = max(day.start, since)
        copy = Day(day.day, day.start, day.end, max(0.0, (day.end - start).total_seconds()))
        if copy.observed:
            for segment in timeline:
                seconds = _overlap(segment, start, day.end, now)
                if seconds > 0:
                    copy.seconds[segment.state] = copy.seconds.get(segment.state, 0.0) + seconds
        filled.append(copy)
    return filled


def uptime(days: Sequence[Day], weights: Mapping[ComponentState, float]) -> float | None:
    """Return the share of the observed time that counts as up, from 0 to 1, or None when nothing was observed."""
    observed = sum(day.observed for day in days)
    if observed <= 0:
        return None
    lost = sum(weights.get(state, 0.0) * seconds for day in days for state, seconds in day.seconds.items())
    return max(0.0, 1.0 - lost / observed)


def _overlap(segment: Segment, start: datetime, end: datetime, now: datetime) -> float:
    last = min(end, segment.end or now)
    return (last - max(start, segment.start)).total_seconds()
