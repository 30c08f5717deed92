from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from portal.core.clock import Clock, set_clock


class HeldClock(Clock):
    """A clock that moves only when told."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def forward(self, **duration: float) -> datetime:
        self.moment += timedelta(**duration)
        return self.moment


@contextmanager
def hold_clock(moment: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> Iterator[HeldClock]:
    held = HeldClock(moment)
    previous = set_clock(held)
    try:
        yield held
    finally:
        set_clock(previous)
