from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.enums import ArticleType
from knowledge.models.article import Article
from portal.core import clock
from portal.core.db import Identified, Model, text_enum
from portal.directory.api import User


class ArticleVersion(Identified, Model):
    """What an article said at one moment: words and fields. It is written once and never changed.

    The HTML is made when the version is saved, so that reading an article renders nothing.
    """

    __tablename__ = "article_version"
    __table_args__ = (
        UniqueConstraint("article_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        Index("ix_article_version_author", "author_id"),
        Index("ix_article_version_digest", "digest"),
    )

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str]
    body_markdown: Mapped[str] = mapped_column(deferred=True)
    body_html: Mapped[str] = mapped_column(deferred=True)
    # The contents list: [{"level": 2, "id": "cause", "text": "Cause"}, ...]
    toc: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    type: Mapped[ArticleType] = mapped_column(text_enum(ArticleType))
    language: Mapped[str] = mapped_column(String(10))
    tags: Mapped[list[str]]
    # Keys of services, so that the version tells the same when a service is renamed.
    services: Mapped[list[str]]
    audience: Mapped[list[str]]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(default="")
    # SHA-256 over words and fields: two versions that say the same have the same.
    digest: Mapped[str] = mapped_column(String(64))
    # The version the author started from, when it was not the one before.
    based_on: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_at: Mapped[datetime | None]

    article: Mapped[Article] = relationship()
    author: Mapped[User | None] = relationship()

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"
