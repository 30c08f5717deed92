from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.db import Identified, Model, Timestamped, text_enum
from status_page.enums import (
    INCIDENT_STATES,
    MAINTENANCE_STATES,
    OPEN_STATES,
    PLANNED_STATES,
    UNDER_WAY_STATES,
    ComponentState,
    Impact,
    IncidentKind,
    IncidentState,
    MessageChannel,
    Publication,
)
from status_page.models.components import Component
from status_page.models.page import in_language


def _listed(states: tuple[IncidentState, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)


class Incident(Identified, Timestamped, Model):
    """Something that readers are told about until it is over: a trouble, or planned work."""

    __tablename__ = "status_incident"
    __table_args__ = (
        CheckConstraint(
            f"(kind = 'incident' AND state IN ({_listed(INCIDENT_STATES)})) "
            f"OR (kind = 'maintenance' AND state IN ({_listed(MAINTENANCE_STATES)}))",
            name="state_of_kind",
        ),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="forward"),
        Index("ix_status_incident_state", "kind", "state"),
        Index("ix_status_incident_started", "started_at"),
    )

    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[IncidentKind] = mapped_column(text_enum(IncidentKind))
    state: Mapped[IncidentState] = mapped_column(text_enum(IncidentState))
    impact: Mapped[Impact] = mapped_column(text_enum(Impact), default=Impact.NONE)
    # The worst it ever was: what the archive tells of it when it is over.
    peak_impact: Mapped[Impact] = mapped_column(text_enum(Impact, constraint="peak_impact_values"), default=Impact.NONE)
    title: Mapped[str] = mapped_column(String(200))
    translations: Mapped[dict[str, dict[str, str]]] = mapped_column(default=dict)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # Readers see an incident from its first published update on.
    published_at: Mapped[datetime | None]
    next_update_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    long_running_reminded_at: Mapped[datetime | None]
    ticket_references: Mapped[list[str]] = mapped_column(default=list)
    # The name an import gave it, so that a second import finds it again.
    imported_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    affected_people: Mapped[int] = mapped_column(default=0)
    # Readers who saw another title are told that it was corrected.
    retitled_at: Mapped[datetime | None]
    title_before: Mapped[str] = mapped_column(String(200), default="")
    # Rises with every change a reader could see: a finished page with the same number is still right.
    edition: Mapped[int] = mapped_column(default=1)

    updates: Mapped[list["IncidentUpdate"]] = relationship(
        cascade="all, delete-orphan",
        order_by="IncidentUpdate.happened_at, IncidentUpdate.id",
        back_populates="incident",
    )
    windows: Mapped[list["Window"]] = relationship(cascade="all, delete-orphan", order_by="Window.starts_at")
    audience_rows: Mapped[list["IncidentAudience"]] = relationship(
        cascade="all, delete-orphan", order_by="IncidentAudience.token"
    )
    hand_messages: Mapped[list["HandMessage"]] = relationship(
        cascade="all, delete-orphan", order_by="HandMessage.sent_at, HandMessage.id"
    )

    def __str__(self) -> str:
        return self.title

    @property
    def audience(self) -> frozenset[str]:
        return frozenset(row.token for row in self.audience_rows)

    @property
    def is_maintenance(self) -> bool:
        return self.kind == IncidentKind.MAINTENANCE

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES or self.state in PLANNED_STATES

    @property
    def is_under_way(self) -> bool:
        return self.state in OPEN_STATES or self.state in UNDER_WAY_STATES

    @property
    def published_updates(self) -> list["IncidentUpdate"]:
        return [update for update in self.updates if update.publication == Publication.PUBLISHED]

    @property
    def current_impacts(self) -> dict[int, ComponentState]:
        """The state of each affected component, by its id, as the last published update tells it."""
        published = self.published_updates
        return {item.component_id: item.state for item in published[-1].impacts} if published else {}

    def is_overdue(self, now: datetime) -> bool:
        return self.state in OPEN_STATES and self.next_update_at is not None and self.next_update_at < now

    def title_in(self, locale: str) -> str:
        return in_language(self, "title", locale)


class IncidentAudience(Model):
    """Who may read of an incident: one row for each token."""

    __tablename__ = "status_incident_audience"

    incident_id: Mapped[int] = mapped_column(ForeignKey("status_incident.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[str] = mapped_column(String(80), primary_key=True)


class IncidentUpdate(Identified, Model):
    """What readers are told at one moment, and how each component works at that moment."""

    __tablename__ = "status_update"
    __table_args__ = (Index("ix_status_update_incident", "incident_id", "happened_at"),)

    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("status_incident.id", ondelete="CASCADE"))
    state: Mapped[IncidentState] = mapped_column(text_enum(IncidentState))
    body: Mapped[str]
    translations: Mapped[dict[str, dict[str, str]]] = mapped_column(default=dict)
    happened_at: Mapped[datetime]
    next_update_at: Mapped[datetime | None]
    notifies: Mapped[bool] = mapped_column(default=True)
    publication: Mapped[Publication] = mapped_column(text_enum(Publication))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    author_name: Mapped[str] = mapped_column(String(200))
    checker_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    checker_name: Mapped[str] = mapped_column(String(200), default="")
    # Why a second person did not read it first, although the rules ask for it.
    bypass_reason: Mapped[str] = mapped_column(default="")
    return_note: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_at: Mapped[datetime | None]
    # Told about a moment that had passed when it was written.
    is_backdated: Mapped[bool] = mapped_column(default=False)

    incident: Mapped[Incident] = relationship(back_populates="updates")
    impacts: Mapped[list["UpdateImpact"]] = relationship(
        cascade="all, delete-orphan", order_by="UpdateImpact.component_id"
    )
    corrections: Mapped[list["Correction"]] = relationship(cascade="all, delete-orphan", order_by="Correction.id")

    def __str__(self) -> str:
        return f"{self.state}: {self.body[:80]}"

    def body_in(self, locale: str) -> str:
        return in_language(self, "body", locale)


class UpdateImpact(Model):
    """How a component works at the moment of an update."""

    __tablename__ = "status_impact"

    update_id: Mapped[int] = mapped_column(ForeignKey("status_update.id", ondelete="CASCADE"), primary_key=True)
    component_id: Mapped[int] = mapped_column(
        ForeignKey("status_component.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    state: Mapped[ComponentState] = mapped_column(text_enum(ComponentState))

    component: Mapped[Component] = relationship()


class Correction(Identified, Model):
    """A published text was changed: readers see that, when and why."""

    __tablename__ = "status_correction"

    update_id: Mapped[int] = mapped_column(ForeignKey("status_update.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    reason: Mapped[str]
    body_before: Mapped[str]


class Window(Identified, Model):
    """One stretch of planned work: as planned, and as it was."""

    __tablename__ = "status_window"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="forward"),
        Index("ix_status_window_starts", "starts_at"),
    )

    incident_id: Mapped[int] = mapped_column(ForeignKey("status_incident.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    announced_at: Mapped[datetime | None]


class HandMessage(Identified, Model):
    """What was said about an incident outside the portal: a call, a word to the press, a letter."""

    __tablename__ = "status_hand_message"

    incident_id: Mapped[int] = mapped_column(ForeignKey("status_incident.id", ondelete="CASCADE"), index=True)
    channel: Mapped[MessageChannel] = mapped_column(text_enum(MessageChannel))
    audience: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    author_name: Mapped[str] = mapped_column(String(200))
    # Who read it before it went out, when anybody did.
    checker_name: Mapped[str] = mapped_column(String(200), default="")
    sent_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    def __str__(self) -> str:
        return f"{self.channel}: {self.text[:80]}"


class AffectedPerson(Model):
    """Somebody said "me too"."""

    __tablename__ = "status_affected_person"

    incident_id: Mapped[int] = mapped_column(ForeignKey("status_incident.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    at: Mapped[datetime] = mapped_column(default=clock.now)
