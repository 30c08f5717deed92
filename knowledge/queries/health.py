"""What the automatic checks found, over all and by section."""

from collections import Counter

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager

from knowledge.enums import READABLE_STATES
from knowledge.models import Article, ArticleQuality, Section
from knowledge.permissions import workable_by
from portal.core.db import db
from portal.core.web.paging import Page, paginate
from portal.directory.api import User


def count_findings(user: User) -> list[tuple[str, int]]:
    """Return how many articles that readers have show each finding, the most frequent first; one query."""
    query = (
        sa.select(ArticleQuality.problems)
        .join(Article, Article.id == ArticleQuality.article_id)
        .where(Article.state.in_(READABLE_STATES), ArticleQuality.score < 100, workable_by(user))
    )
    counts: Counter[str] = Counter()
    for problems in db.session.scalars(query):
        counts.update({problem["check"] for problem in problems})
    return counts.most_common()


def get_health_section(slug: str, user: User) -> Section:
    """Return a section with articles somebody works on, else answer 404."""
    query = sa.select(Section).where(
        Section.slug == slug,
        sa.select(Article.id).where(Article.section_id == Section.id, workable_by(user)).exists(),
    )
    section = db.session.scalars(query).first()
    if section is None:
        abort(404)
    return section


def page_of_findings(section: Section, user: User) -> Page[Article]:
    """Return the articles of a section that readers have and that show a finding, the weakest first."""
    query = (
        sa.select(Article)
        .join(Article.quality)
        .where(Article.section_id == section.id, Article.state.in_(READABLE_STATES), workable_by(user))
        .where(ArticleQuality.score < 100)
        .options(contains_eager(Article.quality))
        .order_by(ArticleQuality.score, sa.func.lower(Article.title), Article.id)
    )
    return paginate(query)
