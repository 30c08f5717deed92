from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.db import Identified, Model, Timestamped, text_enum
from portal.core.outbox.enums import Channel, MessageState


class OutboxMessage(Identified, Timestamped, Model):
    """One message to one recipient over one channel."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_message_due", "state", "next_attempt_at"),
        Index("ix_outbox_message_about", "about_type", "about_id"),
    )

    channel: Mapped[Channel] = mapped_column(text_enum(Channel))
    # The same key is never queued twice; it is also the message's name on the way (Message-ID).
    idempotency_key: Mapped[str] = mapped_column(String(200), unique=True)
    recipient: Mapped[str] = mapped_column(String(320))
    recipient_user_id: Mapped[int | None] = mapped_column(
        ForeignKey("user_account.id", ondelete="SET NULL"), index=True
    )
    subject: Mapped[str] = mapped_column(default="")
    body_text: Mapped[str] = mapped_column(default="")
    body_html: Mapped[str] = mapped_column(default="")
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    template: Mapped[str] = mapped_column(String(100), default="")
    about_type: Mapped[str] = mapped_column(String(60), default="")
    about_id: Mapped[int | None]
    state: Mapped[MessageState] = mapped_column(text_enum(MessageState), default=MessageState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(default=clock.now)
    claim_token: Mapped[str | None] = mapped_column(String(36))
    claimed_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")

    deliveries: Mapped[list["DeliveryAttempt"]] = relationship(
        order_by="DeliveryAttempt.id", cascade="all, delete-orphan"
    )

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"


class DeliveryAttempt(Identified, Model):
    """What came of one attempt to deliver a message."""

    __tablename__ = "delivery_attempt"

    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    outcome: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(default="")
