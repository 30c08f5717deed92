from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Identified, Model, Timestamped, text_enum
from portal.directory.enums import Criticality
from portal.directory.models.people import Team, User


class Service(Identified, Timestamped, Model):
    """Something IT provides and people know by name, with the team that answers for it."""

    __tablename__ = "service"

    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(default="")
    # The same in other languages: {"de": {"name": ..., "description": ...}}.
    translations: Mapped[dict[str, dict[str, str]]] = mapped_column(default=dict)
    # Words people use for it, for search and for sorting tickets.
    keywords: Mapped[list[str]] = mapped_column(default=list)
    criticality: Mapped[Criticality] = mapped_column(text_enum(Criticality), default=Criticality.MEDIUM)
    owner_team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), index=True)
    primary_owner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    secondary_owner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    is_retired: Mapped[bool] = mapped_column(default=False)

    owner_team: Mapped[Team] = relationship()
    primary_owner: Mapped[User | None] = relationship(foreign_keys=[primary_owner_id])
    secondary_owner: Mapped[User | None] = relationship(foreign_keys=[secondary_owner_id])
    depends_on: Mapped[list["Service"]] = relationship(
        secondary="service_dependency",
        primaryjoin="Service.id == ServiceDependency.service_id",
        secondaryjoin="Service.id == ServiceDependency.needs_id",
        order_by="Service.name",
        back_populates="needed_by",
    )
    needed_by: Mapped[list["Service"]] = relationship(
        secondary="service_dependency",
        primaryjoin="Service.id == ServiceDependency.needs_id",
        secondaryjoin="Service.id == ServiceDependency.service_id",
        order_by="Service.name",
        back_populates="depends_on",
    )

    def __str__(self) -> str:
        return self.name

    def name_in(self, locale: str) -> str:
        return self.translations.get(locale, {}).get("name") or self.name

    def description_in(self, locale: str) -> str:
        return self.translations.get(locale, {}).get("description") or self.description


class ServiceDependency(Model):
    """``service`` does not work without ``needs``; cycles are refused by the service that writes it."""

    __tablename__ = "service_dependency"
    __table_args__ = (CheckConstraint("service_id <> needs_id", name="not_itself"),)

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"), primary_key=True)
    needs_id: Mapped[int] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"), primary_key=True, index=True)
