"""What the search index needs: every document that can be found, and which ones changed.

A change of what readers see writes a row of ``search_change`` in its own transaction and queues the job
``knowledge.index_changes``. The indexer reads ``list_changes()``, takes each article's document with
``find_document()`` (None means: remove it), and deletes with ``forget_changes()`` exactly the rows it has read, in
one transaction, after the index has safely stored the documents. Of many it stores the words first and marks the rows
``has_words``; they go when the meaning is stored, too. A killed indexer finds the rows again; the job also runs every
minute, so nothing is lost when the queue is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, undefer

from knowledge.enums import ArticleState
from knowledge.models import Article, ArticleVersion, SearchChange
from portal.core.db import db

_BATCH = 200


@dataclass(frozen=True)
class Searchable:
    """An article as the index takes it. The body is Markdown; an empty audience cannot occur."""

    id: int
    title: str
    summary: str
    body: str
    section: str
    type: str
    tags: tuple[str, ...]
    # Names of services.
    services: tuple[str, ...]
    language: str
    audience: frozenset[str]
    updated_at: datetime
    # Changes with every word and field of the version; not with section or effective audience.
    digest: str


def iterate_documents() -> Iterator[Searchable]:
    """Yield every article that readers can find, in the order of their ids, a few hundred in memory at a time."""
    last = 0
    while True:
        rows = db.session.scalars(_documents().where(Article.id > last).order_by(Article.id).limit(_BATCH)).all()
        for version in rows:
            yield _searchable(version)
        if len(rows) < _BATCH:
            return
        last = rows[-1].article_id
        # A long list must not stay in the session.
        for version in rows:
            db.session.expunge(version)


def find_document(article_id: int) -> Searchable | None:
    """Return an article as the index takes it, None when readers can no longer find it."""
    version = db.session.scalars(_documents().where(Article.id == article_id)).first()
    return _searchable(version) if version else None


def list_changes(limit: int | None = 500, *, has_words: bool = False) -> Sequence[SearchChange]:
    """Return the oldest changes the index has yet to take up, or whose meaning is missing; several may name one article."""
    query = sa.select(SearchChange).where(SearchChange.has_words.is_(has_words))
    return db.session.scalars(query.order_by(SearchChange.id).limit(limit)).all()


def waiting_articles() -> set[int]:
    """Return the ids of all articles that the index has not taken up altogether."""
    return set(db.session.scalars(sa.select(SearchChange.article_id).distinct()))


def count_waiting() -> int:
    """Count the articles readers can find whose last change the index has not taken up altogether."""
    waits = sa.select(SearchChange.article_id).distinct()
    query = sa.select(sa.func.count()).where(Article.state == ArticleState.PUBLISHED, Article.id.in_(waits))
    return db.session.scalar(query) or 0


def count_findable() -> int:
    """Count the articles that readers can find."""
    return db.session.scalar(sa.select(sa.func.count()).where(Article.state == ArticleState.PUBLISHED)) or 0


def mark_words_stored(change_ids: Sequence[int]) -> None:
    """Note that the words of changes can be found, and that their meaning follows."""
    db.session.execute(sa.update(SearchChange).where(SearchChange.id.in_(change_ids)).values(has_words=True))


def queue_meaning(article_ids: Iterable[int]) -> None:
    """Let the indexer make articles ready for search by meaning whose words are in the index."""
    missing = sorted(set(article_ids) - waiting_articles())
    if missing:
        db.session.execute(sa.insert(SearchChange), [{"article_id": number, "has_words": True} for number in missing])


def forget_changes(change_ids: Sequence[int]) -> None:
    """Delete changes that the index has taken up. Only ids that were read: a later commit may carry a smaller one."""
    db.session.execute(sa.delete(SearchChange).where(SearchChange.id.in_(change_ids)))


def _documents() -> sa.Select[ArticleVersion]:
    # An expired article is kept from search and suggestions; whoever has its address still reads it, with a warning.
    return (
        sa.select(ArticleVersion)
        .join(ArticleVersion.article)
        .where(ArticleVersion.number == Article.published_number, Article.state == ArticleState.PUBLISHED)
        .options(
            undefer(ArticleVersion.body_markdown),
            contains_eager(ArticleVersion.article).joinedload(Article.section),
            contains_eager(ArticleVersion.article).selectinload(Article.audiences),
            contains_eager(ArticleVersion.article).selectinload(Article.services),
        )
    )


def _searchable(version: ArticleVersion) -> Searchable:
    article = version.article
    return Searchable(
        id=article.id,
        title=version.title,
        summary=version.summary,
        body=version.body_markdown,
        section=article.section.name,
        type=version.type.value,
        tags=tuple(version.tags),
        services=tuple(service.name for service in article.services),
        language=version.language,
        audience=frozenset(item.token for item in article.audiences),
        updated_at=article.content_updated_at,
        digest=version.digest,
    )
