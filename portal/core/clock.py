"""The one source of the current time, so that a test can hold it still."""

from datetime import UTC, datetime


class Clock:
    """Answers the current moment, always aware and in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


_clock = Clock()


def now() -> datetime:
    """Return the current moment in UTC."""
    return _clock.now()


def set_clock(clock: Clock) -> Clock:
    """Put another clock in place and return the one it replaced."""
    global _clock
    previous, _clock = _clock, clock
    return previous
