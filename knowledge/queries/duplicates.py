"""Articles that say nearly the same: two of them, where one with a redirect would do."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, contains_eager, joinedload, undefer
from sqlalchemy.sql.elements import ColumnElement

from knowledge.enums import READABLE_STATES, ArticleState
from knowledge.models import Article, ArticleNeighbour, ArticlePairApart, ArticleVersion
from knowledge.permissions import visible_to, workable_by
from knowledge.queries.articles import SAME, told_apart
from portal.core.db import db
from portal.core.web.paging import Page, paginate
from portal.directory.api import User


@dataclass(frozen=True)
class Pair:
    """Two published articles and how alike they are, 0 to 1; with who called them different, if somebody did."""

    one: Article
    other: Article
    similarity: float
    apart: ArticlePairApart | None = None


def page_of_duplicates(user: User) -> tuple[Page[ArticleNeighbour], list[Pair]]:
    """Return the pairs of published articles that say nearly the same, the closest first; three queries.

    Somebody works on at least one of the two, and may know of the other. Pairs that were called different are left out.
    """
    rows = paginate(_pairs(user).order_by(ArticleNeighbour.similarity.desc(), ArticleNeighbour.article_id))
    found = _articles({number for row in rows.items for number in (row.article_id, row.other_id)})
    return rows, [Pair(found[row.article_id], found[row.other_id], row.similarity) for row in rows.items]


def page_of_apart(user: User) -> tuple[Page[ArticlePairApart], list[Pair]]:
    """Return the pairs that were called different, the latest first; three queries."""
    query = _apart(user).options(joinedload(ArticlePairApart.told_by))
    rows = paginate(query.order_by(ArticlePairApart.told_at.desc(), ArticlePairApart.one_id, ArticlePairApart.other_id))
    found = _articles({number for row in rows.items for number in (row.one_id, row.other_id)})
    return rows, [Pair(found[row.one_id], found[row.other_id], row.similarity, row) for row in rows.items]


def count_duplicates(user: User) -> int:
    """Count the pairs that say nearly the same; one query."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(_pairs(user).subquery())) or 0


def count_apart(user: User) -> int:
    """Count the pairs that were called different; one query."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(_apart(user).subquery())) or 0


def find_similarity(one: Article, other: Article) -> float | None:
    """Return how alike two articles are, None when they do not say nearly the same; one query."""
    pair = sa.or_(
        sa.and_(ArticleNeighbour.article_id == one.id, ArticleNeighbour.other_id == other.id),
        sa.and_(ArticleNeighbour.article_id == other.id, ArticleNeighbour.other_id == one.id),
    )
    found = sa.select(sa.func.max(ArticleNeighbour.similarity)).where(pair, ArticleNeighbour.similarity >= SAME)
    return db.session.scalar(found)


def find_apart(one: Article, other: Article) -> ArticlePairApart | None:
    """Return who called two articles different, whether or not they came closer since."""
    return db.session.get(ArticlePairApart, (min(one.id, other.id), max(one.id, other.id)))


def get_pair(one_id: int, other_id: int, user: User) -> tuple[ArticleVersion, ArticleVersion]:
    """Return what readers see of two articles somebody may know of and works on one of, else answer 404."""
    pair = Article.id.in_((one_id, other_id))
    known = db.session.scalars(_known(user).where(pair)).all()
    if len(known) != 2 or db.session.scalars(_mine(user).where(pair)).first() is None:
        abort(404)
    query = (
        sa.select(ArticleVersion)
        .join(ArticleVersion.article)
        .where(Article.id.in_(known), ArticleVersion.number == Article.published_number)
        .options(
            undefer(ArticleVersion.body_markdown),
            contains_eager(ArticleVersion.article).options(joinedload(Article.section), joinedload(Article.owner)),
        )
    )
    found = {version.article_id: version for version in db.session.scalars(query)}
    return found[one_id], found[other_id]


def _pairs(user: User) -> sa.Select[ArticleNeighbour]:
    back = aliased(ArticleNeighbour)
    told_by_the_other = (
        sa.select(back.article_id)
        .where(back.article_id == ArticleNeighbour.other_id, back.other_id == ArticleNeighbour.article_id)
        .where(back.is_draft.is_(False), back.similarity >= SAME)
        .exists()
    )
    known, mine = _known(user), _mine(user)
    return sa.select(ArticleNeighbour).where(
        ArticleNeighbour.is_draft.is_(False),
        ArticleNeighbour.similarity >= SAME,
        ~told_apart(),
        # Each of the two knows of the other as a rule; the pair is listed once.
        sa.or_(ArticleNeighbour.article_id < ArticleNeighbour.other_id, ~told_by_the_other),
        ArticleNeighbour.article_id.in_(known),
        ArticleNeighbour.other_id.in_(known),
        sa.or_(ArticleNeighbour.article_id.in_(mine), ArticleNeighbour.other_id.in_(mine)),
    )


def _apart(user: User) -> sa.Select[ArticlePairApart]:
    known, mine = _known(user), _mine(user)
    one, other = ArticlePairApart.one_id, ArticlePairApart.other_id
    return sa.select(ArticlePairApart).where(
        one.in_(known), other.in_(known), sa.or_(one.in_(mine), other.in_(mine)), ~_came_closer()
    )


def _came_closer() -> ColumnElement[bool]:
    """Return the condition that a pair that was called different is listed again."""
    both = sa.or_(
        sa.and_(
            ArticleNeighbour.article_id == ArticlePairApart.one_id,
            ArticleNeighbour.other_id == ArticlePairApart.other_id,
        ),
        sa.and_(
            ArticleNeighbour.other_id == ArticlePairApart.one_id,
            ArticleNeighbour.article_id == ArticlePairApart.other_id,
        ),
    )
    return (
        sa.select(ArticleNeighbour.article_id)
        .where(both, ArticleNeighbour.is_draft.is_(False), ArticleNeighbour.similarity >= SAME, ~told_apart())
        .exists()
    )


def _articles(ids: set[int]) -> dict[int, Article]:
    if not ids:
        return {}
    query = (
        sa.select(Article).where(Article.id.in_(ids)).options(joinedload(Article.section), joinedload(Article.owner))
    )
    return {article.id: article for article in db.session.scalars(query)}


def _known(user: User) -> sa.Select[int]:
    return sa.select(Article.id).where(Article.state.in_(READABLE_STATES), sa.or_(visible_to(user), workable_by(user)))


def _mine(user: User) -> sa.Select[int]:
    return sa.select(Article.id).where(Article.state != ArticleState.RETIRED, workable_by(user))
