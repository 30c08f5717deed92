from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Identified, Model, Timestamped, text_enum
from portal.directory.api import Team
from triage.tickets.enums import Impact, Urgency


class PriorityRule(Identified, Timestamped, Model):
    """One field of the matrix: this impact with this urgency gives this priority, 1 being the highest."""

    __tablename__ = "priority_rule"
    __table_args__ = (
        UniqueConstraint("impact", "urgency"),
        CheckConstraint("priority BETWEEN 1 AND 5", name="priority_range"),
    )

    impact: Mapped[Impact] = mapped_column(text_enum(Impact))
    urgency: Mapped[Urgency] = mapped_column(text_enum(Urgency))
    priority: Mapped[int]

    def __str__(self) -> str:
        return f"{self.impact} × {self.urgency}"


class DeskSettings(Identified, Timestamped, Model):
    """What an administrator decides for the whole desk: a single row."""

    __tablename__ = "desk_settings"
    __table_args__ = (
        CheckConstraint("id = 1", name="single_row"),
        CheckConstraint("reopen_days BETWEEN 0 AND 365", name="reopen_days_range"),
    )

    # Who receives a ticket that names no service.
    default_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    # How long a solved ticket can be opened again; afterwards a new one is linked to it.
    reopen_days: Mapped[int] = mapped_column(default=14)

    default_team: Mapped[Team | None] = relationship()

    def __str__(self) -> str:
        return "Desk"


class TicketSequence(Model):
    """The last number given: a single row, so that numbers mean the same on every engine."""

    __tablename__ = "ticket_sequence"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int]
