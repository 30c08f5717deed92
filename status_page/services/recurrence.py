"""Repeating windows, in the wall-clock time of a zone: 22:00 stays 22:00 when the clocks change."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

MOST_WINDOWS = 60


class Repeat(StrEnum):
    """How planned work comes back."""

    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True)
class Planned:
    """A stretch of time to come."""

    starts_at: datetime
    ends_at: datetime


def repeat_window(first: Planned, repeat: Repeat, *, times: int, zone: ZoneInfo) -> list[Planned]:
    """Return ``times`` windows from the first on, at the same local time; a monthly one skips months without its day.

    A local time that the clock leaps over is taken as the moment after the leap; each window lasts as long as the
    first in real time.
    """
    length = first.ends_at - first.starts_at
    local = first.starts_at.astimezone(zone).replace(tzinfo=None)
    found: list[Planned] = []
    step = 0
    while len(found) < (1 if repeat == Repeat.ONCE else min(times, MOST_WINDOWS)):
        moment = _stepped(local, repeat, step)
        step += 1
        if moment is not None:
            start = moment.replace(tzinfo=zone).astimezone(UTC)
            found.append(Planned(start, start + length))
    return found


def _stepped(local: datetime, repeat: Repeat, step: int) -> datetime | None:
    if step == 0:
        # Adding nothing would still forget which of two equal local times was meant.
        return local
    match repeat:
        case Repeat.ONCE:
            return local
        case Repeat.DAILY:
            return local + timedelta(days=step)
        case Repeat.WEEKLY:
            return local + timedelta(weeks=step)
        case Repeat.MONTHLY:
            month = local.month - 1 + step
            try:
                return local.replace(year=local.year + month // 12, month=month % 12 + 1)
            except ValueError:
                return None
