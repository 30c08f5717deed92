from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.db import Model
from portal.directory.api import User


class ArticleNeighbour(Model):
    """Another article that is close in meaning. Kept for every audience at once, so a reader's query filters it."""

    __tablename__ = "article_neighbour"
    __table_args__ = (Index("ix_article_neighbour_other", "other_id"),)

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    # Found by the newest version, which readers may not have yet, and not by the published one.
    is_draft: Mapped[bool] = mapped_column(primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    # The cosine of the means of their passages, -1 to 1.
    similarity: Mapped[float] = mapped_column(sa.Double)


class ArticleComparison(Model):
    """Which published version of an article was compared with the others last."""

    __tablename__ = "article_comparison"

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    published_number: Mapped[int]
    compared_at: Mapped[datetime] = mapped_column(default=clock.now)


class ArticlePairApart(Model):
    """Two articles that are close in meaning and that somebody called different, the one with the smaller id first.

    It holds while they are no closer than they were: it ends when less than half is left of what told them apart. Edits
    that do not bring the two together are no reason to ask again, and an edit that makes one a copy of the other is.
    """

    __tablename__ = "article_pair_apart"
    __table_args__ = (
        CheckConstraint("one_id < other_id", name="once"),
        Index("ix_article_pair_apart_other", "other_id"),
    )

    one_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    # How alike they were then, as ``ArticleNeighbour.similarity``.
    similarity: Mapped[float] = mapped_column(sa.Double)
    told_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    told_at: Mapped[datetime] = mapped_column(default=clock.now)

    told_by: Mapped[User | None] = relationship()
