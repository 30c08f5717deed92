"""What authors typed and have not saved; each sees only their own."""

from collections.abc import Sequence

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from knowledge.enums import ArticleState, WorkState
from knowledge.models import Article, ArticleDraft, ArticleVersion, DraftFile
from knowledge.permissions import workable_by
from portal.core.db import db
from portal.core.web.paging import Page, paginate
from portal.directory.api import User


def find_draft(author: User, article: Article | None) -> ArticleDraft | None:
    """Return what somebody typed for an article, or for a new one."""
    query = sa.select(ArticleDraft).where(
        ArticleDraft.author_id == author.id, ArticleDraft.article_id == (article.id if article else None)
    )
    return db.session.scalars(query).first()


def get_draft(draft_id: int, author: User) -> ArticleDraft:
    query = sa.select(ArticleDraft).where(ArticleDraft.id == draft_id, ArticleDraft.author_id == author.id)
    draft = db.session.scalars(query.options(joinedload(ArticleDraft.article))).first()
    if draft is None:
        abort(404)
    return draft


def get_draft_file(draft_id: int, file_id: int, author: User) -> DraftFile:
    query = (
        sa.select(DraftFile)
        .join(ArticleDraft, ArticleDraft.id == DraftFile.draft_id)
        .where(DraftFile.draft_id == draft_id, DraftFile.file_id == file_id, ArticleDraft.author_id == author.id)
        .options(joinedload(DraftFile.file))
    )
    file = db.session.scalars(query).first()
    if file is None:
        abort(404)
    return file


def list_drafts(author: User) -> Sequence[ArticleDraft]:
    """Return what somebody typed and has not saved, the newest first; at most one for each article."""
    query = sa.select(ArticleDraft).where(ArticleDraft.author_id == author.id)
    return db.session.scalars(
        query.options(joinedload(ArticleDraft.article))
        .order_by(ArticleDraft.saved_at.desc(), ArticleDraft.id)
        .limit(100)
    ).all()


def page_of_unsent(author: User) -> Page[Article]:
    """Return the articles whose newest version somebody wrote and nobody was asked to review, the newest first."""
    wrote = sa.select(ArticleVersion.article_id).where(
        ArticleVersion.author_id == author.id,
        ArticleVersion.article_id == Article.id,
        ArticleVersion.number == Article.latest_number,
    )
    query = (
        sa.select(Article)
        .where(
            Article.work_state == WorkState.DRAFT,
            Article.state != ArticleState.RETIRED,
            wrote.exists(),
            workable_by(author),
        )
        .options(joinedload(Article.section))
        .order_by(Article.updated_at.desc(), Article.id)
    )
    return paginate(query)
