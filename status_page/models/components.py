from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.db import Identified, Model, Timestamped, text_enum
from status_page.enums import ComponentState, Effect, SpanSource
from status_page.models.page import in_language


class ComponentGroup(Identified, Timestamped, Model):
    """A heading over components."""

    __tablename__ = "status_group"

    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    translations: Mapped[dict[str, dict[str, str]]] = mapped_column(default=dict)
    position: Mapped[int] = mapped_column(default=0)

    def __str__(self) -> str:
        return self.name

    def name_in(self, locale: str) -> str:
        return in_language(self, "name", locale)


class Component(Identified, Timestamped, Model):
    """One line of the status page: a service of the directory, or something entered by hand.

    Its state is never stored here: it follows from the open spans of it and of what it depends on.
    """

    __tablename__ = "status_component"

    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id", ondelete="SET NULL"), unique=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("status_group.id", ondelete="SET NULL"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(120))
    # What IT calls it; shown to staff only.
    internal_name: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(default="")
    translations: Mapped[dict[str, dict[str, str]]] = mapped_column(default=dict)
    shows_uptime: Mapped[bool] = mapped_column(default=True)
    # Uptime is told from here on.
    observed_since: Mapped[datetime] = mapped_column(default=clock.now)
    removed_at: Mapped[datetime | None]

    group: Mapped[ComponentGroup | None] = relationship()
    audience_rows: Mapped[list["ComponentAudience"]] = relationship(
        cascade="all, delete-orphan", order_by="ComponentAudience.token"
    )
    dependencies: Mapped[list["ComponentDependency"]] = relationship(
        foreign_keys="ComponentDependency.component_id", cascade="all, delete-orphan", back_populates="component"
    )

    def __str__(self) -> str:
        return self.name

    @property
    def audience(self) -> frozenset[str]:
        return frozenset(row.token for row in self.audience_rows)

    def name_in(self, locale: str) -> str:
        return in_language(self, "name", locale)

    def description_in(self, locale: str) -> str:
        return in_language(self, "description", locale)


class ComponentAudience(Model):
    """Who may read of a component: one row for each token."""

    __tablename__ = "status_component_audience"

    component_id: Mapped[int] = mapped_column(ForeignKey("status_component.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[str] = mapped_column(String(80), primary_key=True)


class ComponentDependency(Model):
    """A component needs another. Those drawn from the directory follow it; the others were entered by hand."""

    __tablename__ = "status_dependency"
    __table_args__ = (CheckConstraint("component_id <> needs_id", name="not_itself"),)

    component_id: Mapped[int] = mapped_column(ForeignKey("status_component.id", ondelete="CASCADE"), primary_key=True)
    needs_id: Mapped[int] = mapped_column(
        ForeignKey("status_component.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    effect: Mapped[Effect] = mapped_column(text_enum(Effect), default=Effect.SOFTER)
    from_directory: Mapped[bool] = mapped_column(default=False)
    # A dependency says nothing about the time before it was known.
    since: Mapped[datetime] = mapped_column(default=clock.now)

    component: Mapped[Component] = relationship(foreign_keys=[component_id], back_populates="dependencies")
    needs: Mapped[Component] = relationship(foreign_keys=[needs_id])


class Span(Identified, Model):
    """A component was in a state from one moment to another, for one reason; the open ones are the present."""

    __tablename__ = "status_span"
    __table_args__ = (
        Index("ix_status_span_component", "component_id", "started_at"),
        Index("ix_status_span_ended", "ended_at"),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="forward"),
    )

    component_id: Mapped[int] = mapped_column(ForeignKey("status_component.id", ondelete="CASCADE"))
    source: Mapped[SpanSource] = mapped_column(text_enum(SpanSource))
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("status_incident.id", ondelete="CASCADE"), index=True)
    state: Mapped[ComponentState] = mapped_column(text_enum(ComponentState))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # An override ends by itself when a time is given.
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
