"""Keeping the findings of the automatic checks beside each article."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased, undefer

from knowledge.models import Article, ArticleLink, ArticleQuality, ArticleVersion
from knowledge.quality.checks import Check, Problem, check_text, score
from knowledge.queries.links import is_broken
from portal.core import clock
from portal.core.db import db


@dataclass(frozen=True)
class Findings:
    """What the checks say of one version of an article."""

    article_id: int
    version_number: int
    problems: tuple[Problem, ...]


def keep_findings(found: Iterable[Findings]) -> None:
    """Store findings in the current transaction, unless those of a newer version stand there or the article is gone."""
    by_article = {finding.article_id: finding for finding in found}
    rows = {
        row.article_id: row
        for row in db.session.scalars(sa.select(ArticleQuality).where(ArticleQuality.article_id.in_(by_article)))
    }
    for article_id in db.session.scalars(sa.select(Article.id).where(Article.id.in_(by_article))).all():
        finding, row = by_article[article_id], rows.get(article_id)
        if row is None:
            row = ArticleQuality(article_id=article_id, version_number=0)
            db.session.add(row)
        if row.version_number <= finding.version_number:
            row.version_number, row.checked_at = finding.version_number, clock.now()
            row.score = score(finding.problems)
            row.problems = [
                {"check": problem.check.value, "detail": problem.detail[:200]} for problem in finding.problems
            ]
    db.session.flush()


def find_problems(article_ids: Sequence[int]) -> list[Findings]:
    """Check the newest versions of some articles; only reads, in two queries, because checking a text takes its time."""
    query = (
        sa.select(ArticleVersion)
        .join(Article, Article.id == ArticleVersion.article_id)
        .where(Article.id.in_(article_ids), ArticleVersion.number == Article.latest_number)
        .options(undefer(ArticleVersion.body_markdown))
    )
    broken = broken_links(article_ids)
    return [
        Findings(
            version.article_id,
            version.number,
            (
                *check_text(
                    title=version.title,
                    summary=version.summary,
                    markdown=version.body_markdown,
                    language=version.language,
                ),
                *broken.get(version.article_id, ()),
            ),
        )
        for version in db.session.scalars(query)
    ]


def recheck_articles(article_ids: Sequence[int]) -> None:
    """Check the newest versions of some articles and store what was found, in the current transaction."""
    keep_findings(find_problems(article_ids))


def broken_links(article_ids: Sequence[int]) -> dict[int, list[Problem]]:
    """Return, by article, the links of newest versions that lead to no article readers have, or that failed when tried."""
    target = aliased(Article)
    query = (
        sa.select(ArticleLink.article_id, ArticleLink.address, ArticleLink.problem)
        .outerjoin(target, target.id == ArticleLink.target_article_id)
        .where(ArticleLink.article_id.in_(article_ids))
        .where(is_broken(target))
        .order_by(ArticleLink.id)
    )
    broken: dict[int, list[Problem]] = {}
    for article_id, address, problem in db.session.execute(query):
        detail = f"{address} ({problem})" if problem else address
        broken.setdefault(article_id, []).append(Problem(Check.BROKEN_LINK, detail))
    return broken
