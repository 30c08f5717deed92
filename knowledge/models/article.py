from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.enums import READABLE_STATES, ArticleState, ArticleType, ErrorState, WorkState
from knowledge.models.section import Section
from portal.core import clock
from portal.core.db import Identified, Model, Timestamped, text_enum
from portal.directory.api import Service, Team, User

if TYPE_CHECKING:
    from knowledge.models.quality import ArticleQuality


class Article(Identified, Timestamped, Model):
    """One answer. Its words stand in its versions; what lists and rights need of the shown one is repeated here."""

    __tablename__ = "article"
    __table_args__ = (
        CheckConstraint("state NOT IN ('published', 'expired') OR published_number IS NOT NULL", name="has_published"),
        CheckConstraint("published_number IS NULL OR published_number <= latest_number", name="number_order"),
        CheckConstraint("successor_id IS NULL OR successor_id <> id", name="not_own_successor"),
        CheckConstraint("review_months IS NULL OR review_months > 0", name="review_months_positive"),
        Index("ix_article_section_state", "section_id", "state"),
        Index("ix_article_state_due", "state", "review_due_at"),
        Index("ix_article_team_state", "owner_team_id", "state"),
        Index("ix_article_state_updated", "state", "content_updated_at"),
    )

    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"))
    type: Mapped[ArticleType] = mapped_column(text_enum(ArticleType))
    slug: Mapped[str] = mapped_column(String(120))
    # Of the published version; of the newest one as long as nothing is published.
    title: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(String(10), default="en")
    # Who may read, as chosen here; empty means as in the section. What follows from it stands in ``audiences``.
    audience: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[ArticleState] = mapped_column(text_enum(ArticleState), default=ArticleState.DRAFT)
    work_state: Mapped[WorkState] = mapped_column(text_enum(WorkState), default=WorkState.DRAFT, index=True)
    # Of a known error alone. It changes when the fault does, so it stands beside the versions and needs no review.
    error_state: Mapped[ErrorState | None] = mapped_column(text_enum(ErrorState))
    error_state_at: Mapped[datetime | None]
    # One sentence for readers: what it waits for, or what mended it.
    error_note: Mapped[str] = mapped_column(String(300), default="")
    latest_number: Mapped[int] = mapped_column(default=0)
    published_number: Mapped[int | None]
    published_at: Mapped[datetime | None]
    content_updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    owner_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    # Editable only by those who may publish for the owner team.
    is_restricted: Mapped[bool] = mapped_column(default=False)
    review_months: Mapped[int | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    review_due_at: Mapped[datetime | None]
    # How far an overdue review has gone: 1 reminded, 2 told the team lead, 3 taken from the search.
    review_stage: Mapped[int] = mapped_column(default=0)
    expired_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"), index=True)
    # Raised by each change: of two people who publish at once, the second is told.
    revision: Mapped[int] = mapped_column(default=1)

    section: Mapped[Section] = relationship()
    owner_team: Mapped[Team | None] = relationship()
    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])
    successor: Mapped["Article | None"] = relationship(remote_side="Article.id")
    audiences: Mapped[list["ArticleAudience"]] = relationship(
        cascade="all, delete-orphan", order_by="ArticleAudience.token"
    )
    quality: Mapped["ArticleQuality | None"] = relationship(viewonly=True, uselist=False)
    tags: Mapped[list["Tag"]] = relationship(secondary="article_tag", order_by="Tag.name")
    services: Mapped[list[Service]] = relationship(secondary="article_service", order_by="Service.name")

    __mapper_args__: dict[str, Any] = {"version_id_col": revision}  # noqa: RUF012 (SQLAlchemy reads it from the class)

    def __str__(self) -> str:
        return self.title

    @property
    def is_readable(self) -> bool:
        return self.state in READABLE_STATES

    @property
    def is_review_due(self) -> bool:
        return self.is_readable and self.review_due_at is not None and self.review_due_at <= clock.now()


class ArticleAudience(Model):
    """A token that opens the article; already narrowed by its section, so that one match is enough."""

    __tablename__ = "article_audience"
    __table_args__ = (Index("ix_article_audience_token", "token", "article_id"),)

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[str] = mapped_column(String(80), primary_key=True)


class Tag(Identified, Model):
    """A word people file articles under; unique without regard to case."""

    __tablename__ = "tag"

    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80))

    def __str__(self) -> str:
        return self.name


class ArticleTag(Model):
    """The article as readers see it carries the tag."""

    __tablename__ = "article_tag"

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True)


class ArticleService(Model):
    """The article as readers see it is about the service."""

    __tablename__ = "article_service"

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"), primary_key=True, index=True)
