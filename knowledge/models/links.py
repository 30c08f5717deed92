"""What an article stands in relation to: files, other articles, the file it came from, the index."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core import clock
from portal.core.db import Identified, Model
from portal.core.files.models import StoredFile


class ArticleFile(Identified, Model):
    """A picture or attachment, found by the address that the Markdown gives it."""

    __tablename__ = "article_file"
    __table_args__ = (UniqueConstraint("article_id", "reference", "file_id"),)

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), index=True)
    # As written in the Markdown, without "./": "../images/vpn.png".
    reference: Mapped[str] = mapped_column(String(500))
    # A file of a draft is not given to readers.
    is_published: Mapped[bool] = mapped_column(default=False)
    # An older file of the same reference stays for the versions that showed it.
    is_current: Mapped[bool] = mapped_column(default=True)

    file: Mapped[StoredFile] = relationship()


class ArticleLink(Identified, Model):
    """A link of the newest version: to an article, to a file of the import that may come later, or to the outside."""

    __tablename__ = "article_link"
    __table_args__ = (
        CheckConstraint("kind IN ('article', 'path', 'external')", name="kind_values"),
        Index("ix_article_link_article", "article_id"),
        Index("ix_article_link_target", "target_article_id"),
        Index("ix_article_link_path", "kind", "collection", "address"),
    )

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(2000))
    collection: Mapped[str] = mapped_column(String(120), default="")
    target_article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="SET NULL"))
    # Of external links: when they were last tried, and what came of it ("" is well).
    checked_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(String(200), default="")
    # How often in a row it did not lead anywhere: a server may only have been restarted.
    failures: Mapped[int] = mapped_column(default=0)


class ArticleSource(Identified, Model):
    """Where an article was imported from, so that the next import knows it again."""

    __tablename__ = "article_source"
    __table_args__ = (UniqueConstraint("collection", "path"), Index("ix_article_source_content", "content_digest"))

    collection: Mapped[str] = mapped_column(String(120))
    path: Mapped[str] = mapped_column(String(500))
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), unique=True)
    # Of the file with everything that decides what becomes of it, and of title and text alone.
    digest: Mapped[str] = mapped_column(String(64))
    content_digest: Mapped[str] = mapped_column(String(64))
    # The version the import made; a later one means that somebody edited the article here.
    version_number: Mapped[int]
    imported_at: Mapped[datetime] = mapped_column(default=clock.now)


class SearchChange(Identified, Model):
    """An article the search index has yet to look at again; written with the change, removed by the indexer."""

    __tablename__ = "search_change"

    # Not a foreign key: the index must hear of an article that is gone, too.
    article_id: Mapped[int] = mapped_column(index=True)
    # Its words can be found; what it means, which takes the model longer, is yet to follow.
    has_words: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    queued_at: Mapped[datetime] = mapped_column(default=clock.now)
