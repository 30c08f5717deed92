from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.db import Identified, Model, text_enum
from portal.core.files.models import StoredFile
from portal.directory.api import User
from triage.tickets.enums import Action, EntryKind, TicketState
from triage.tickets.models.ticket import Ticket


class TicketEntry(Identified, Model):
    """One line of a ticket's history: a public reply, an internal note, or something that happened.

    Service levels are computed from these lines when they are read, so each change of state stands here with the
    states before and after; ``data`` keeps what else the event is about (hold reason, teams, assignee, fields).
    """

    __tablename__ = "ticket_entry"
    __table_args__ = (
        CheckConstraint("kind <> 'note' OR is_internal", name="notes_are_internal"),
        CheckConstraint("kind <> 'reply' OR NOT is_internal", name="replies_are_public"),
        CheckConstraint("(kind = 'event') = (action IS NOT NULL)", name="events_have_an_action"),
        Index("ix_ticket_entry_history", "ticket_id", "created_at", "id"),
    )

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"))
    kind: Mapped[EntryKind] = mapped_column(text_enum(EntryKind))
    # Never shown to the requester.
    is_internal: Mapped[bool]
    # Empty for the system itself.
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    body: Mapped[str] = mapped_column(default="")
    action: Mapped[Action | None] = mapped_column(text_enum(Action))
    from_state: Mapped[TicketState | None] = mapped_column(text_enum(TicketState, constraint="from_state_values"))
    to_state: Mapped[TicketState | None] = mapped_column(text_enum(TicketState, constraint="to_state_values"))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    ticket: Mapped[Ticket] = relationship()
    author: Mapped[User | None] = relationship()
    attachments: Mapped[list["TicketAttachment"]] = relationship(order_by="TicketAttachment.id")


class TicketAttachment(Identified, Model):
    """A file of a ticket: of its description, or of one reply or note."""

    __tablename__ = "ticket_attachment"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_entry.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), unique=True)

    file: Mapped[StoredFile] = relationship()
