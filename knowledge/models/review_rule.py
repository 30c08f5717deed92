from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.enums import ArticleType
from knowledge.models.article import Tag
from knowledge.models.section import Section
from portal.core.db import Identified, Model, Timestamped, text_enum


class ReviewRule(Identified, Timestamped, Model):
    """How often articles are looked at again that meet every condition named here."""

    __tablename__ = "review_rule"
    __table_args__ = (
        CheckConstraint("months > 0", name="months_positive"),
        CheckConstraint(
            "section_id IS NOT NULL OR type IS NOT NULL OR tag_id IS NOT NULL OR older_than_months IS NOT NULL",
            name="has_condition",
        ),
    )

    months: Mapped[int]
    # With the sections beneath it.
    section_id: Mapped[int | None] = mapped_column(ForeignKey("section.id", ondelete="CASCADE"), index=True)
    type: Mapped[ArticleType | None] = mapped_column(text_enum(ArticleType))
    tag_id: Mapped[int | None] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), index=True)
    older_than_months: Mapped[int | None]

    section: Mapped[Section | None] = relationship()
    tag: Mapped[Tag | None] = relationship()

    def __str__(self) -> str:
        return f"{self.months} months"
