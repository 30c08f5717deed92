from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.core import clock
from portal.core.db import Model


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
