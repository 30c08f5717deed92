from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.db import Identified, Model, text_enum
from status_page.enums import SubscriberChannel, SubscriberState


class Subscriber(Identified, Model):
    """An address that wants to hear of changes.

    Its links carry a signed token made of the id and the nonce: a new nonce makes every older link worthless.
    """

    __tablename__ = "status_subscriber"
    __table_args__ = (
        UniqueConstraint("channel", "address"),
        Index("ix_status_subscriber_state", "state", "id"),
    )

    channel: Mapped[SubscriberChannel] = mapped_column(text_enum(SubscriberChannel))
    address: Mapped[str] = mapped_column(String(500))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    locale: Mapped[str] = mapped_column(String(10), default="en")
    state: Mapped[SubscriberState] = mapped_column(text_enum(SubscriberState), default=SubscriberState.PENDING)
    nonce: Mapped[str] = mapped_column(String(24))
    whole_page: Mapped[bool] = mapped_column(default=True)
    # With chosen components only: whether those made later are chosen too.
    includes_new: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[datetime | None]
    # How often its address was asked in the last day, so that nobody can pester a stranger through us.
    times_asked: Mapped[int] = mapped_column(default=0)
    # Where a person hears that a webhook was switched off.
    contact: Mapped[str] = mapped_column(String(320), default="")
    failing_since: Mapped[datetime | None]
    disabled_reason: Mapped[str] = mapped_column(default="")
    # What failed before this moment counts no more.
    resumed_at: Mapped[datetime | None]

    components: Mapped[list["SubscriberComponent"]] = relationship(cascade="all, delete-orphan")

    def __str__(self) -> str:
        return self.address


class SubscriberComponent(Model):
    """A subscriber chose a component."""

    __tablename__ = "status_subscriber_component"

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("status_subscriber.id", ondelete="CASCADE"), primary_key=True)
    component_id: Mapped[int] = mapped_column(
        ForeignKey("status_component.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class SubscriberIncident(Model):
    """A subscriber follows one incident to its end."""

    __tablename__ = "status_subscriber_incident"

    subscriber_id: Mapped[int] = mapped_column(ForeignKey("status_subscriber.id", ondelete="CASCADE"), primary_key=True)
    incident_id: Mapped[int] = mapped_column(
        ForeignKey("status_incident.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Broadcast(Identified, Model):
    """One update on its way to its subscribers: the record of what was sent, and how far the queueing has come.

    Messages and ``cursor`` are written in one transaction: a killed worker goes on where it stopped.
    """

    __tablename__ = "status_broadcast"
    __table_args__ = (UniqueConstraint("update_id", "occasion"), Index("ix_status_broadcast_open", "finished_at"))

    update_id: Mapped[int] = mapped_column(ForeignKey("status_update.id", ondelete="CASCADE"))
    # What is told: the update itself, or that its planned work is near.
    occasion: Mapped[str] = mapped_column(String(60), default="update")
    queued_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]
    cursor: Mapped[int] = mapped_column(default=0)
    recipients: Mapped[int] = mapped_column(default=0)
