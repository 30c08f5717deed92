"""What goes into a PDF or another export: published articles a reader may see, in the order of the tree of sections."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, undefer

from knowledge.audience import PUBLIC
from knowledge.models import Article, ArticleVersion
from knowledge.permissions import Reader, opens, visible_to
from knowledge.queries.work import section_choices
from portal.core.db import db

# How many numbers one statement takes.
_ASKED_AT_ONCE = 2000


def readable_ids(
    reader: Reader, *, section_ids: Collection[int] | None = None, article_ids: Collection[int] = ()
) -> list[int]:
    """Return those of the articles, or of the articles of the sections, that a reader may see."""
    chosen = Article.section_id.in_(sorted(section_ids)) if section_ids is not None else Article.id.in_(article_ids)
    return list(db.session.scalars(sa.select(Article.id).where(chosen, visible_to(reader)).order_by(Article.id)))


def count_readable(reader: Reader, *, section_ids: Collection[int] | None) -> int:
    """Count the articles of some sections, or of all, that a reader may see."""
    query = sa.select(sa.func.count()).select_from(Article).where(visible_to(reader))
    if section_ids is not None:
        query = query.where(Article.section_id.in_(sorted(section_ids)))
    return db.session.scalar(query) or 0


def may_all_be_read(reader: Reader, article_ids: Sequence[int]) -> bool:
    """Whether a reader may still see every one of these articles."""
    parts = (article_ids[start : start + _ASKED_AT_ONCE] for start in range(0, len(article_ids), _ASKED_AT_ONCE))
    return all(len(readable_ids(reader, article_ids=part)) == len(part) for part in parts)


def are_public(article_ids: Collection[int]) -> bool:
    """Whether everyone may read all of these articles."""
    query = sa.select(sa.func.count()).where(Article.id.in_(article_ids), opens(frozenset({PUBLIC})))
    return db.session.scalar(query) == len(article_ids)


def list_chapters(reader: Reader, article_ids: Collection[int]) -> Sequence[tuple[ArticleVersion, tuple[str, ...]]]:
    """Return the published versions with their sections' names; two queries and those for pictures."""
    query = (
        sa.select(ArticleVersion)
        .join(ArticleVersion.article)
        .where(Article.id.in_(article_ids), ArticleVersion.number == Article.published_number, visible_to(reader))
        .options(
            undefer(ArticleVersion.body_html),
            contains_eager(ArticleVersion.article).joinedload(Article.owner_team),
        )
    )
    order = {number: (place, tuple(path.split(" / "))) for place, (number, path) in enumerate(section_choices())}
    found = [(version, order[version.article.section_id]) for version in db.session.scalars(query)]
    found.sort(key=lambda item: (item[1][0], item[0].title.casefold(), item[0].article_id))
    return [(version, trail) for version, (_, trail) in found]
