from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.db import Identified, Model


class AuditEvent(Model):
    """One link of the chain. Triggers of the database refuse to change or delete a row.

    Actor and subject are kept as plain values, not as foreign keys: the trail must outlive what it tells about.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        # The trail is read newest first; each filter finds its rows in that order without sorting them.
        Index("ix_audit_event_subject", "subject_type", "subject_id", "id"),
        Index("ix_audit_event_actor", "actor_name", "id"),
        Index("ix_audit_event_action", "action", "id"),
        Index("ix_audit_event_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str]
    action: Mapped[str] = mapped_column(String(100))
    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(String(60))
    subject_label: Mapped[str]
    reason: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    address: Mapped[str] = mapped_column(String(100))
    request_id: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Model):
    """The end of the chain: a single row that writers lock, so that concurrent ones keep one chain."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_id: Mapped[int] = mapped_column(BigInteger)
    last_hash: Mapped[str] = mapped_column(String(64))
    # The last event that changed a fact: something pages go by, and no daily work.
    facts_id: Mapped[int] = mapped_column(BigInteger, server_default="0")


class AuditVerification(Identified, Model):
    """What came of checking the whole chain."""

    __tablename__ = "audit_verification"

    at: Mapped[datetime] = mapped_column(default=clock.now)
    events: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float]
    broken_event_id: Mapped[int | None] = mapped_column(BigInteger)
    finding: Mapped[str] = mapped_column(default="")

    @property
    def holds(self) -> bool:
        return self.broken_event_id is None
