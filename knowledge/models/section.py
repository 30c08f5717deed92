from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.db import Identified, Model, Timestamped
from portal.directory.api import Team


class Section(Identified, Timestamped, Model):
    """A place in the tree of the knowledge base, with the team that answers for it."""

    __tablename__ = "section"
    __table_args__ = (
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_itself"),
        Index("ix_section_parent_position", "parent_id", "position"),
    )

    parent_id: Mapped[int | None] = mapped_column(ForeignKey("section.id"))
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(default=0)
    owner_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    # Who may read, as chosen here; empty means as in the section above. What follows from it stands in ``audiences``.
    audience: Mapped[list[str]] = mapped_column(default=list)

    # How many others must approve a change; None means as in the section above, at the top one. With a separate
    # publisher, whoever wrote or approved does not publish.
    min_approvals: Mapped[int | None]
    separate_publisher: Mapped[bool] = mapped_column(default=False)
    # Whose members alone approve and publish; None means as in the section above, at the top whoever has the right.
    approver_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    publisher_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    # New articles here are editable only by those who may publish them.
    is_restricted: Mapped[bool] = mapped_column(default=False)
    # Months between reviews of articles that say nothing themselves; None: as in the section above.
    review_months: Mapped[int | None]

    parent: Mapped["Section | None"] = relationship(remote_side="Section.id", back_populates="children")
    children: Mapped[list["Section"]] = relationship(back_populates="parent", order_by="Section.position, Section.name")
    owner_team: Mapped[Team | None] = relationship(foreign_keys=[owner_team_id])
    approver_team: Mapped[Team | None] = relationship(foreign_keys=[approver_team_id])
    publisher_team: Mapped[Team | None] = relationship(foreign_keys=[publisher_team_id])
    audiences: Mapped[list["SectionAudience"]] = relationship(
        cascade="all, delete-orphan", order_by="SectionAudience.token"
    )

    def __str__(self) -> str:
        return self.name

    @property
    def tokens(self) -> frozenset[str]:
        return frozenset(item.token for item in self.audiences)


class SectionAudience(Model):
    """A token that opens the section; already narrowed by the sections above it."""

    __tablename__ = "section_audience"

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[str] = mapped_column(String(80), primary_key=True)
