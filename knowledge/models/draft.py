from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from knowledge.models.article import Article
from portal.core import clock
from portal.core.db import Identified, Model
from portal.core.files.models import StoredFile
from portal.directory.api import User


class ArticleDraft(Identified, Model):
    """What an author typed and has not saved as a version: one for each article and one for a new article.

    Only its author sees it; saving a version ends it.
    """

    __tablename__ = "article_draft"
    __table_args__ = (
        Index("uq_article_draft_of_article", "author_id", "article_id", unique=True),
        # NULL equals nothing, so that the one draft of a new article needs a rule of its own.
        Index(
            "uq_article_draft_of_new",
            "author_id",
            unique=True,
            sqlite_where=sa.text("article_id IS NULL"),
            postgresql_where=sa.text("article_id IS NULL"),
        ),
        Index("ix_article_draft_article", "article_id"),
    )

    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    # The version the author started from.
    based_on: Mapped[int | None]
    # The fields of the form as they were typed, checked only when they are saved.
    typed: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)

    author: Mapped[User] = relationship()
    article: Mapped[Article | None] = relationship()
    files: Mapped[list["DraftFile"]] = relationship(cascade="all, delete-orphan", order_by="DraftFile.file_id")

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return str(self.typed.get("title") or (self.article.title if self.article else ""))


class DraftFile(Model):
    """A picture or attachment of an article that does not exist yet; the article gets it when it is saved."""

    __tablename__ = "draft_file"

    draft_id: Mapped[int] = mapped_column(ForeignKey("article_draft.id", ondelete="CASCADE"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), primary_key=True, index=True)
    # As written in the Markdown: "files/vpn.png".
    reference: Mapped[str] = mapped_column(String(500))

    file: Mapped[StoredFile] = relationship()
