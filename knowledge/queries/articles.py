"""Articles as readers get them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, contains_eager, joinedload, undefer
from sqlalchemy.sql.elements import ColumnElement

from knowledge.models import (
    Article,
    ArticleFile,
    ArticleNeighbour,
    ArticlePairApart,
    ArticleTag,
    ArticleVersion,
    Section,
)
from knowledge.permissions import Reader, opens, visible_to, workable_by
from portal.core.db import db
from portal.core.web.paging import Page, paginate, sort_choice
from portal.directory.api import User

MOST_RELATED = 5
# Cosines between the means of passages (all-MiniLM-L6-v2). Below RELATED two articles are about different things; from
# SAME on they say nearly the same. Measured on the documentation that benchmarks/knowledge.py imports.
RELATED = 0.45
SAME = 0.93


@dataclass(frozen=True)
class Published:
    """An article together with the version readers see."""

    article: Article
    version: ArticleVersion


def find_published(article_id: int, reader: Reader) -> Published | None:
    """Return the article as a reader may see it; one query."""
    query = (
        sa.select(ArticleVersion)
        .join(ArticleVersion.article)
        .join(Article.section)
        .where(Article.id == article_id, ArticleVersion.number == Article.published_number, visible_to(reader))
        .options(
            undefer(ArticleVersion.body_html),
            contains_eager(ArticleVersion.article).contains_eager(Article.section),
            contains_eager(ArticleVersion.article).joinedload(Article.owner_team),
        )
    )
    version = db.session.scalars(query).first()
    return Published(version.article, version) if version else None


def list_readable(article_ids: Iterable[int], reader: Reader) -> dict[int, Article]:
    """Return those of the articles that a reader may read, by id; one query."""
    ids = sorted(set(article_ids))
    if not ids:
        return {}
    query = sa.select(Article).where(Article.id.in_(ids), visible_to(reader))
    return {article.id: article for article in db.session.scalars(query)}


def find_retired(article_id: int, reader: Reader) -> Article | None:
    """Return an article that readers had and that was retired, when it was meant for this reader."""
    query = (
        sa.select(Article)
        .where(Article.id == article_id, Article.state == "retired", Article.published_number.is_not(None))
        .where(opens(reader.audience_tokens))
        .options(joinedload(Article.successor))
    )
    return db.session.scalars(query).first()


def list_related(article: Article, reader: Reader) -> Sequence[Article]:
    """Return the articles closest in meaning that a reader may see, then those filed near this one; one query.

    Filed near are those that share most tags, then those of its section, the newest first.
    """
    own_tags = sa.select(ArticleTag.tag_id).where(ArticleTag.article_id == article.id)
    shared = (
        sa.select(ArticleTag.article_id, sa.func.count().label("shared"))
        .where(ArticleTag.tag_id.in_(own_tags))
        .group_by(ArticleTag.article_id)
        .subquery()
    )
    near = (
        sa.select(ArticleNeighbour.other_id, ArticleNeighbour.similarity)
        .where(ArticleNeighbour.article_id == article.id, ArticleNeighbour.is_draft.is_(False))
        .where(ArticleNeighbour.similarity >= RELATED)
        .subquery()
    )
    count, similarity = sa.func.coalesce(shared.c.shared, 0), sa.func.coalesce(near.c.similarity, 0)
    query = (
        sa.select(Article)
        .outerjoin(shared, shared.c.article_id == Article.id)
        .outerjoin(near, near.c.other_id == Article.id)
        .where(Article.id != article.id, Article.language == article.language, visible_to(reader))
        .where(sa.or_(Article.section_id == article.section_id, count > 0, similarity > 0))
        .order_by(
            similarity.desc(),
            count.desc(),
            (Article.section_id == article.section_id).desc(),
            Article.content_updated_at.desc(),
            Article.id,
        )
        .limit(MOST_RELATED)
    )
    return db.session.scalars(query).all()


def list_duplicates(article: Article, user: User) -> Sequence[tuple[Article, float]]:
    """Return the articles that say nearly the same, of those somebody may know of, the closest first."""
    similarity = sa.func.max(ArticleNeighbour.similarity)
    near = (
        sa.select(ArticleNeighbour.other_id, similarity.label("similarity"))
        .where(ArticleNeighbour.article_id == article.id, ArticleNeighbour.similarity >= SAME, ~told_apart())
        .group_by(ArticleNeighbour.other_id)
        .subquery()
    )
    query = (
        sa.select(Article, near.c.similarity)
        .join(near, near.c.other_id == Article.id)
        .where(Article.state != "retired", sa.or_(visible_to(user), workable_by(user)))
        .order_by(near.c.similarity.desc(), Article.id)
    )
    return [(other, share) for other, share in db.session.execute(query)]


def told_apart() -> ColumnElement[bool]:
    """Return the condition that somebody called two neighbours different, and that it holds; see ``ArticlePairApart``."""
    apart = aliased(ArticlePairApart)
    smaller = sa.case(
        (ArticleNeighbour.article_id < ArticleNeighbour.other_id, ArticleNeighbour.article_id),
        else_=ArticleNeighbour.other_id,
    )
    larger = ArticleNeighbour.article_id + ArticleNeighbour.other_id - smaller
    return (
        sa.select(apart.one_id)
        .where(apart.one_id == smaller, apart.other_id == larger)
        .where(
            sa.or_(
                ArticleNeighbour.similarity <= apart.similarity,
                (1 - ArticleNeighbour.similarity) * 2 >= 1 - apart.similarity,
            )
        )
        .correlate(ArticleNeighbour)
        .exists()
    )


def list_changed(reader: Reader, *, limit: int = 30) -> Sequence[Article]:
    """Return the articles whose published words changed last, the newest first."""
    query = sa.select(Article).where(visible_to(reader)).order_by(Article.content_updated_at.desc(), Article.id.desc())
    return db.session.scalars(query.limit(limit)).all()


def page_of_section(section: Section, reader: Reader) -> Page[Article]:
    """Return the articles of a section, as the URL sorts and pages them."""
    _, order = sort_choice(
        {"title": sa.func.lower(Article.title), "updated": Article.content_updated_at}, default="title"
    )
    query = sa.select(Article).where(Article.section_id == section.id, visible_to(reader))
    return paginate(query.order_by(*order, Article.id))


def get_file(article_id: int, file_id: int, reader: Reader, *, worker: User | None) -> ArticleFile:
    """Return a file of an article: readers get those of the published version, those at work on it all of them."""
    may = sa.and_(visible_to(reader), ArticleFile.is_published)
    if worker is not None:
        may = sa.or_(may, workable_by(worker))
    query = (
        sa.select(ArticleFile)
        .join(Article, Article.id == ArticleFile.article_id)
        .where(ArticleFile.article_id == article_id, ArticleFile.file_id == file_id, may)
        .options(joinedload(ArticleFile.file))
    )
    file = db.session.scalars(query).first()
    if file is None:
        abort(404)
    return file
