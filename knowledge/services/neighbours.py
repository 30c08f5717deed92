"""Keeping beside each article which others are closest to it in meaning, so that no page asks a model.

The neighbours are found for each audience token apart: the nearest among what its holders may see. The nearest for a
reader with several tokens are among those of their tokens, so filtering what is kept gives exactly what searching only
the reader's articles would: a hidden article neither shows nor takes a place.
"""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import joinedload, undefer

from knowledge.enums import ArticleState
from knowledge.indexing.opening import index_of_words, search_index
from knowledge.models import Article, ArticleAudience, ArticleComparison, ArticleNeighbour, ArticleVersion
from knowledge.search.document import SearchDocument
from knowledge.search.nearest import Neighbour
from portal.core import clock
from portal.core.db import db, unit_of_work
from portal.core.jobs import stopping

KEPT_EACH = 6
_BATCH = 50


def relate_new() -> int:
    """Find the neighbours of published versions that have none yet, and again those of the articles they are near to.

    Needs the vectors of the index and no model; an article without vectors is left for later. Returns how many.
    """
    compared = sa.select(ArticleComparison.article_id).where(
        ArticleComparison.article_id == Article.id, ArticleComparison.published_number == Article.published_number
    )
    waiting = sa.select(Article.id).where(Article.state == ArticleState.PUBLISHED, ~compared.exists())
    done = relate(db.session.scalars(waiting.order_by(Article.id)).all())
    if 0 < len(done) <= _BATCH:
        # A new article may be nearer to its neighbours than what they know; of many, the night sees to it.
        near = sa.select(ArticleNeighbour.other_id).distinct().where(ArticleNeighbour.article_id.in_(done))
        relate(sorted(set(db.session.scalars(near)) - done))
    return len(done)


def relate_all() -> int:
    """Find the neighbours of every published article anew; returns how many."""
    return len(relate(db.session.scalars(sa.select(Article.id).where(Article.state == ArticleState.PUBLISHED)).all()))


def relate(article_ids: Sequence[int]) -> set[int]:
    """Find the neighbours of some articles anew; returns those the index could tell of. Commits a batch at a time."""
    done: set[int] = set()
    if not article_ids or not current_app.extensions["portico_settings"].semantic_search:
        return done
    index, tokens = index_of_words(), _tokens()
    for start in range(0, len(article_ids), _BATCH):
        if stopping.is_set():
            break
        batch = article_ids[start : start + _BATCH]
        # Read before the index is asked: what is published in between is compared again.
        numbers = sa.select(Article.id, Article.published_number).where(Article.id.in_(batch))
        published = dict(db.session.execute(numbers).all())
        db.session.rollback()
        asked = {number: index.nearest(number, audiences=tokens, limit=KEPT_EACH) for number in batch}
        found = {number: near for number, near in asked.items() if near is not None}
        with unit_of_work():
            there = _keep(found, is_draft=False)
            _note_compared({number: version for number, version in published.items() if version and number in there})
        done.update(found)
    return done


def compare_draft(article_id: int) -> None:
    """Find what the newest version of an article is close to, so that its author hears of an article that says the same."""
    if not current_app.extensions["portico_settings"].semantic_search:
        return
    version = db.session.scalars(
        sa.select(ArticleVersion)
        .join(ArticleVersion.article)
        .where(Article.id == article_id, ArticleVersion.number == Article.latest_number)
        .options(undefer(ArticleVersion.body_markdown), joinedload(ArticleVersion.article).joinedload(Article.section))
    ).first()
    if version is None:
        return
    document = SearchDocument(
        id=article_id,
        title=version.title,
        body=version.body_markdown,
        summary=version.summary,
        section=version.article.section.name,
        type=version.type.value,
        language=version.language,
        updated_at=version.created_at,
    )
    tokens = _tokens()
    db.session.rollback()
    near = search_index().nearest(document, audiences=tokens, limit=KEPT_EACH)
    if near is not None:
        with unit_of_work():
            _keep({article_id: near}, is_draft=True)


def _tokens() -> Collection[str]:
    return db.session.scalars(sa.select(ArticleAudience.token).distinct()).all()


def _keep(found: Mapping[int, Sequence[Neighbour]], *, is_draft: bool) -> set[int]:
    """Put down the neighbours of some articles in place of the old ones; returns which of these articles there are."""
    old = sa.delete(ArticleNeighbour).where(
        ArticleNeighbour.article_id.in_(found), ArticleNeighbour.is_draft.is_(is_draft)
    )
    db.session.execute(old)
    # The index may hold an article that was deleted a moment ago.
    named = {*found, *(one.document_id for near in found.values() for one in near)}
    there = set(db.session.scalars(sa.select(Article.id).where(Article.id.in_(named))))
    rows = [
        {"article_id": number, "is_draft": is_draft, "other_id": one.document_id, "similarity": one.similarity}
        for number, near in found.items()
        if number in there
        for one in near
        if one.document_id in there
    ]
    if rows:
        db.session.execute(sa.insert(ArticleNeighbour), rows)
    return there & found.keys()


def _note_compared(published: Mapping[int, int]) -> None:
    db.session.execute(sa.delete(ArticleComparison).where(ArticleComparison.article_id.in_(published)))
    if published:
        now = clock.now()
        db.session.execute(
            sa.insert(ArticleComparison),
            [
                {"article_id": number, "published_number": version, "compared_at": now}
                for number, version in published.items()
            ],
        )
