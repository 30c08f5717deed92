from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.enums import RequestState, Verdict
from knowledge.models.article import Article
from portal.core import clock
from portal.core.db import Identified, Model, Timestamped, text_enum
from portal.directory.api import User


class ChangeRequest(Identified, Timestamped, Model):
    """New versions of one or several articles that are reviewed and published together or not at all."""

    __tablename__ = "change_request"
    __table_args__ = (
        Index("ix_change_request_state", "state", "submitted_at"),
        CheckConstraint("state <> 'published' OR published_at IS NOT NULL", name="published_when"),
        CheckConstraint("state <> 'scheduled' OR publish_at IS NOT NULL", name="scheduled_when"),
    )

    title: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(default="")
    state: Mapped[RequestState] = mapped_column(text_enum(RequestState), default=RequestState.IN_REVIEW)
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    submitted_at: Mapped[datetime] = mapped_column(default=clock.now)
    publish_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    # Published before it was reviewed, by an incident manager who says why; the review follows.
    is_emergency: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)

    author: Mapped[User] = relationship(foreign_keys=[author_id])
    items: Mapped[list["ChangeRequestItem"]] = relationship(
        back_populates="request", cascade="all, delete-orphan", order_by="ChangeRequestItem.id"
    )
    reviews: Mapped[list["Review"]] = relationship(cascade="all, delete-orphan", order_by="Review.id")
    reviewers: Mapped[list["ReviewerAssignment"]] = relationship(cascade="all, delete-orphan")
    comments: Mapped[list["PassageComment"]] = relationship(cascade="all, delete-orphan", order_by="PassageComment.id")

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 (SQLAlchemy reads it from the class)

    def __str__(self) -> str:
        return self.title

    @property
    def versions(self) -> str:
        """Which version of which article it asks for, as one word: "12.3 15.1"."""
        return " ".join(f"{item.article_id}.{item.version_number}" for item in self.items)

    @property
    def standing_reviews(self) -> list["Review"]:
        """The last word of each reviewer that no later edit withdrew."""
        last = {review.reviewer_id: review for review in self.reviews if review.withdrawn_at is None}
        return list(last.values())


class ChangeRequestItem(Identified, Model):
    """One article in a change request, with the version that is asked for."""

    __tablename__ = "change_request_item"
    __table_args__ = (UniqueConstraint("change_request_id", "article_id"),)

    change_request_id: Mapped[int] = mapped_column(ForeignKey("change_request.id", ondelete="CASCADE"))
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)
    version_number: Mapped[int]
    # What readers had when the request was made; the difference is shown against it.
    base_number: Mapped[int | None]

    request: Mapped[ChangeRequest] = relationship(back_populates="items")
    article: Mapped[Article] = relationship()


class ReviewerAssignment(Model):
    """Somebody was asked by name to review."""

    __tablename__ = "reviewer_assignment"

    change_request_id: Mapped[int] = mapped_column(
        ForeignKey("change_request.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, index=True
    )

    user: Mapped[User] = relationship()


class Review(Identified, Model):
    """What a reviewer decided. An edit afterwards withdraws it; the row stays."""

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_request", "change_request_id"), Index("ix_review_reviewer", "reviewer_id", "at"))

    change_request_id: Mapped[int] = mapped_column(ForeignKey("change_request.id", ondelete="CASCADE"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    verdict: Mapped[Verdict] = mapped_column(text_enum(Verdict))
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=clock.now)
    withdrawn_at: Mapped[datetime | None]

    reviewer: Mapped[User] = relationship()


class PassageComment(Identified, Model):
    """A remark on a passage of a version, open until it is resolved."""

    __tablename__ = "passage_comment"
    __table_args__ = (Index("ix_passage_comment_request", "change_request_id"),)

    change_request_id: Mapped[int] = mapped_column(ForeignKey("change_request.id", ondelete="CASCADE"))
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    version_number: Mapped[int]
    # The words it is about; the line says where they stood in that version.
    passage: Mapped[str] = mapped_column(default="")
    line_number: Mapped[int | None]
    text: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    article: Mapped[Article] = relationship()
    author: Mapped[User] = relationship(foreign_keys=[author_id])
    resolved_by: Mapped[User | None] = relationship(foreign_keys=[resolved_by_id])
