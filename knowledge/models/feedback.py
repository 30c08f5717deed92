from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.enums import FeedbackReason, FeedbackState, Outcome
from knowledge.models.article import Article
from portal.core import clock
from portal.core.db import Identified, Model, text_enum
from portal.directory.api import User


class ArticleFeedback(Identified, Model):
    """What a reader said about an article. A negative one is a task for its owner until it is answered."""

    __tablename__ = "article_feedback"
    __table_args__ = (
        CheckConstraint("NOT helped OR state = 'done'", name="thanks_needs_no_work"),
        Index("ix_article_feedback_article_state", "article_id", "state"),
        Index("ix_article_feedback_state_due", "state", "due_at"),
    )

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    version_number: Mapped[int]
    helped: Mapped[bool]
    reason: Mapped[FeedbackReason | None] = mapped_column(text_enum(FeedbackReason))
    comment: Mapped[str] = mapped_column(default="")
    # The words of the article the reader marked as wrong.
    passage: Mapped[str] = mapped_column(default="")
    # Empty for somebody who was not signed in.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    state: Mapped[FeedbackState] = mapped_column(text_enum(FeedbackState))
    due_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[datetime | None]

    article: Mapped[Article] = relationship()
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    answered_by: Mapped[User | None] = relationship(foreign_keys=[answered_by_id])

    def __str__(self) -> str:
        return self.comment[:80] or str(self.reason or "")


class ArticleOutcome(Identified, Model):
    """What came of an article for somebody: told by the pages, the assistant and the desk."""

    __tablename__ = "article_outcome"
    __table_args__ = (
        Index("ix_article_outcome_article", "article_id", "outcome", "at"),
        Index("ix_article_outcome_subject", "subject_type", "subject_id"),
    )

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    outcome: Mapped[Outcome] = mapped_column(text_enum(Outcome))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    # What it happened in, as "ticket" and its id; no foreign key, because it outlives what it tells about.
    subject_type: Mapped[str] = mapped_column(String(40), default="")
    subject_id: Mapped[int | None]
