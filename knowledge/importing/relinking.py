"""Joining links to articles that came later in the same import than the text that links to them."""

import sqlalchemy as sa

from knowledge.models import Article, ArticleLink, ArticleSource, ArticleVersion
from knowledge.rendering.document import render
from knowledge.services.addresses import ArticleAddresses, Place, bind_and_note, files_of, known_paths
from portal.core.db import db, unit_of_work

BATCH = 40


def join_links(collection: str) -> int:
    """Render again what links to files that have become articles since; returns how many articles. Commits."""
    known = known_paths(collection)
    waiting = list(
        db.session.scalars(
            sa.select(ArticleLink.article_id)
            .distinct()
            .where(
                ArticleLink.kind == "path",
                ArticleLink.collection == collection,
                ArticleLink.target_article_id.is_(None),
                sa.select(ArticleSource.id)
                .where(ArticleSource.collection == collection, ArticleSource.path == ArticleLink.address)
                .exists(),
            )
            .order_by(ArticleLink.article_id)
        )
    )
    for start in range(0, len(waiting), BATCH):
        ids = waiting[start : start + BATCH]
        db.session.rollback()
        rendered = {
            version.article_id: render(version.body_markdown, title=version.title, language=version.language)
            for version in db.session.scalars(_newest(ids).options(sa.orm.undefer(ArticleVersion.body_markdown)))
        }
        with unit_of_work():
            paths = dict(
                db.session.execute(
                    sa.select(ArticleSource.article_id, ArticleSource.path).where(ArticleSource.article_id.in_(ids))
                ).all()
            )
            for version in db.session.scalars(_newest(ids)):
                place = Place(collection, paths[version.article_id])
                addresses = ArticleAddresses(version.article_id, place, files_of(version.article_id), known)
                version.body_html = bind_and_note(rendered[version.article_id], addresses)
        db.session.expunge_all()
    return len(waiting)


def _newest(ids: list[int]) -> sa.Select[ArticleVersion]:
    return (
        sa.select(ArticleVersion)
        .join(Article, Article.id == ArticleVersion.article_id)
        .where(Article.id.in_(ids), ArticleVersion.number == Article.latest_number)
    )
