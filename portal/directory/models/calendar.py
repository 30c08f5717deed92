from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Identified, Model, Timestamped


class BusinessCalendar(Identified, Timestamped, Model):
    """When a team works: weekly hours with breaks, holidays, and the time zone they are meant in."""

    __tablename__ = "business_calendar"

    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    time_zone: Mapped[str] = mapped_column(String(60))

    hours: Mapped[list["BusinessHours"]] = relationship(
        cascade="all, delete-orphan", order_by="BusinessHours.weekday, BusinessHours.opens_minute"
    )
    holidays: Mapped[list["Holiday"]] = relationship(cascade="all, delete-orphan", order_by="Holiday.day")

    def __str__(self) -> str:
        return self.name


class BusinessHours(Identified, Model):
    """One stretch of work on a weekday (Monday is 0), in minutes since local midnight; a break is the gap between two."""

    __tablename__ = "business_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_range"),
        CheckConstraint("opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440", name="minutes"),
        UniqueConstraint("calendar_id", "weekday", "opens_minute"),
    )

    calendar_id: Mapped[int] = mapped_column(ForeignKey("business_calendar.id", ondelete="CASCADE"))
    weekday: Mapped[int]
    opens_minute: Mapped[int]
    closes_minute: Mapped[int]


class Holiday(Identified, Model):
    """A whole day without work."""

    __tablename__ = "holiday"
    __table_args__ = (UniqueConstraint("calendar_id", "day"),)

    calendar_id: Mapped[int] = mapped_column(ForeignKey("business_calendar.id", ondelete="CASCADE"))
    day: Mapped[date]
    name: Mapped[str] = mapped_column(String(120))
