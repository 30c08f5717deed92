from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.db import Identified, Model, Timestamped, text_enum
from portal.directory.api import Service, Team, User
from triage.tickets.enums import ACTIVE_STATES, ArticleUse, HoldReason, Impact, TicketKind, TicketState, Urgency
from triage.tickets.models.category import Category

# A partial index is used only where the query says the same, so active is written like this everywhere.
ACTIVE = text("resolved_at IS NULL")


class Ticket(Identified, Timestamped, Model):
    """Something a person needs from IT, from the first word to the confirmation that it is done."""

    __tablename__ = "ticket"
    is_fact = False
    __table_args__ = (
        CheckConstraint("priority BETWEEN 1 AND 5", name="priority_range"),
        CheckConstraint("(state = 'on_hold') = (hold_reason IS NOT NULL)", name="hold_has_a_reason"),
        CheckConstraint("(state IN ('resolved', 'closed')) = (resolved_at IS NOT NULL)", name="resolved_has_a_time"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_a_time"),
        CheckConstraint("resolved_at IS NULL OR resolution <> ''", name="resolved_has_a_resolution"),
        Index("ix_ticket_queue", "priority", "created_at", sqlite_where=ACTIVE, postgresql_where=ACTIVE),
        Index(
            "ix_ticket_team_queue", "team_id", "priority", "created_at", sqlite_where=ACTIVE, postgresql_where=ACTIVE
        ),
        Index("ix_ticket_team_state", "team_id", "state", "created_at"),
        Index("ix_ticket_assignee_state", "assignee_id", "state"),
        Index("ix_ticket_requester_state", "requester_id", "state"),
        Index("ix_ticket_opened_by_id", "opened_by_id"),
    )

    number: Mapped[int] = mapped_column(unique=True)
    kind: Mapped[TicketKind] = mapped_column(text_enum(TicketKind), default=TicketKind.INCIDENT)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str]
    requester_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"), index=True)
    impact: Mapped[Impact] = mapped_column(text_enum(Impact))
    urgency: Mapped[Urgency] = mapped_column(text_enum(Urgency))
    priority: Mapped[int]
    # Why an agent set another priority than the matrix gives; empty while the matrix decides.
    priority_reason: Mapped[str] = mapped_column(default="")
    state: Mapped[TicketState] = mapped_column(text_enum(TicketState), default=TicketState.NEW)
    hold_reason: Mapped[HoldReason | None] = mapped_column(text_enum(HoldReason))
    resolution: Mapped[str] = mapped_column(default="")
    cause_code: Mapped[str | None] = mapped_column(String(60))
    # The rule that chose the team and what it went by; ``routing.sentence`` says it in the reader's language.
    routing: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # What the assistant hands over with the ticket, as a versioned document.
    packet: Mapped[dict[str, Any] | None]
    # The ticket this one goes on from, after that one could no longer be opened again.
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    # The requester had the last word.
    awaits_answer: Mapped[bool] = mapped_column(default=True)
    # A form sent twice carries the same token and makes one ticket.
    form_token: Mapped[str | None] = mapped_column(String(64), unique=True)
    first_response_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column()

    requester: Mapped[User] = relationship(foreign_keys=[requester_id])
    opened_by: Mapped[User] = relationship(foreign_keys=[opened_by_id])
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    team: Mapped[Team] = relationship()
    service: Mapped[Service | None] = relationship()
    category: Mapped[Category | None] = relationship()
    follows: Mapped["Ticket | None"] = relationship(remote_side="Ticket.id")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 (SQLAlchemy's own form)

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES

    @property
    def is_urgent(self) -> bool:
        return self.priority == 1

    def concerns(self, user_id: int) -> bool:
        """Whether the ticket is this person's own: asked for, or asked on somebody's behalf."""
        return user_id in (self.requester_id, self.opened_by_id)


class TicketArticle(Identified, Model):
    """An article that was offered while the person asked, and what came of it; or one that an agent linked."""

    __tablename__ = "ticket_article"
    __table_args__ = (UniqueConstraint("ticket_id", "article_id", "use"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)
    use: Mapped[ArticleUse] = mapped_column(text_enum(ArticleUse))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
