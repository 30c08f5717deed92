from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.models.article import Article
from knowledge.models.section import Section
from portal.core import clock
from portal.core.db import Identified, Model
from portal.directory.api import User


class Subscription(Identified, Model):
    """Somebody wants to hear when an article changes, or any article of a section and those beneath it."""

    __tablename__ = "article_subscription"
    __table_args__ = (
        UniqueConstraint("user_id", "article_id"),
        UniqueConstraint("user_id", "section_id"),
        CheckConstraint("(article_id IS NULL) <> (section_id IS NULL)", name="one_thing"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)
    section_id: Mapped[int | None] = mapped_column(ForeignKey("section.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    user: Mapped[User] = relationship()
    article: Mapped[Article | None] = relationship()
    section: Mapped[Section | None] = relationship()

    def __str__(self) -> str:
        return str(self.article or self.section)


class SubscriberNews(Model):
    """A published version that subscribers have yet to hear of; removed when the last of them has."""

    __tablename__ = "subscriber_news"

    version_id: Mapped[int] = mapped_column(ForeignKey("article_version.id", ondelete="CASCADE"), primary_key=True)
    # Nobody is told of their own act.
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    # People are told in the order of their ids, some at a time; up to this one they have been.
    told_up_to: Mapped[int] = mapped_column(default=0)


class ResolvedNews(Model):
    """A known error that is resolved, and subscribers have yet to hear of it; removed when the last of them has."""

    __tablename__ = "resolved_news"

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    # As ``SubscriberNews.told_up_to``.
    told_up_to: Mapped[int] = mapped_column(default=0)
