from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Model


class ArticleDay(Model):
    """How often an article was read on one day, by how many people. Nobody's name stands here."""

    __tablename__ = "article_day"
    __table_args__ = (Index("ix_article_day_day", "day", "article_id"),)

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    # By UTC.
    day: Mapped[date] = mapped_column(primary_key=True)
    views: Mapped[int] = mapped_column(default=0)
    readers: Mapped[int] = mapped_column(default=0)


class ReaderOfDay(Model):
    """Somebody has read the article today: a hash that nobody can undo once the day and its salt are forgotten."""

    __tablename__ = "reader_of_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), primary_key=True)
    reader: Mapped[str] = mapped_column(String(32), primary_key=True)


class ReaderSalt(Model):
    """What the hashes of one day are made with: random, shared by all processes, deleted when the day is over."""

    __tablename__ = "reader_salt"

    day: Mapped[date] = mapped_column(primary_key=True)
    salt: Mapped[str] = mapped_column(String(64))
