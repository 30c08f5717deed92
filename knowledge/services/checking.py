"""Keeping the findings of the automatic checks beside each article."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import aliased, undefer

from knowledge.models import Article, ArticleLink, ArticleQuality, ArticleVersion
from knowledge.quality.checks import Check, Problem, check_text, score
from knowledge.queries.links import is_broken
from portal.core import clock
from portal.core.db import db


def keep_findings(version: ArticleVersion, *, is_first: bool = False) -> ArticleQuality:
    """Check the newest version of an article and store what was found, in the current transaction.

    ``is_first`` says that nothing can stand there yet, which spares a look: an import saves thousands.
    """
    problems = check_text(
        title=version.title, summary=version.summary, markdown=version.body_markdown, language=version.language
    ) + broken_links(version.article_id)
    row = None if is_first else db.session.get(ArticleQuality, version.article_id)
    if row is None:
        row = ArticleQuality(article_id=version.article_id)
        db.session.add(row)
    row.version_number, row.score, row.checked_at = version.number, score(problems), clock.now()
    row.problems = [{"check": problem.check.value, "detail": problem.detail[:200]} for problem in problems]
    return row


def recheck_articles(article_ids: Sequence[int]) -> None:
    """Check the newest versions of some articles again: what they link to may be gone meanwhile."""
    query = (
        sa.select(ArticleVersion)
        .join(Article, Article.id == ArticleVersion.article_id)
        .where(Article.id.in_(article_ids), ArticleVersion.number == Article.latest_number)
        .options(undefer(ArticleVersion.body_markdown))
    )
    for version in db.session.scalars(query).all():
        keep_findings(version)
    db.session.flush()


def broken_links(article_id: int) -> list[Problem]:
    """Return the links of the newest version that lead to no article readers have, or that failed when tried."""
    target = aliased(Article)
    query = (
        sa.select(ArticleLink.address, ArticleLink.problem)
        .outerjoin(target, target.id == ArticleLink.target_article_id)
        .where(ArticleLink.article_id == article_id)
        .where(is_broken(target))
        .order_by(ArticleLink.id)
    )
    return [
        Problem(Check.BROKEN_LINK, f"{address} ({problem})" if problem else address)
        for address, problem in db.session.execute(query)
    ]
