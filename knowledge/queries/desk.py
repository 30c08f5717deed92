"""The owner's desk: what waits, counted and listed in a constant number of queries."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.sql.elements import ColumnElement

from knowledge.enums import READABLE_STATES, ArticleState, FeedbackState, Outcome, WorkState
from knowledge.models import Article, ArticleFeedback, ArticleLink, ArticleOutcome, ArticleQuality, Section
from knowledge.permissions import workable_by
from knowledge.quality.checks import PASS_MARK
from knowledge.queries.links import is_broken
from portal.core import clock
from portal.core.db import db
from portal.core.web.paging import Page, paginate, sort_choice
from portal.directory.api import User

SOON = timedelta(days=30)
# An article fails when most judged outcomes of the last half year were bad, and there were enough to tell.
FAILING_WITHIN = timedelta(days=182)
FAILING_LEAST = 5
WHOSE = ("mine", "team", "all")
LISTS = ("due", "overdue", "flagged", "failing", "drafts", "in_review", "expired", "unowned", "broken", "weak", "all")


@dataclass(frozen=True)
class Desk:
    """How many articles are in each list."""

    counts: dict[str, int]


def count_desk(user: User, whose: str) -> Desk:
    """Count every list of the desk in one query."""
    columns = [
        sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0).label(name)
        for name, condition in _conditions().items()
    ]
    row = db.session.execute(sa.select(*columns).select_from(Article).where(_scope(user, whose))).one()
    return Desk({name: int(value) for name, value in zip(_conditions(), row, strict=True)})


def page_of_desk(user: User, whose: str, which: str) -> Page[Article]:
    """Return one list of the desk, what is most urgent first."""
    _, order = sort_choice(
        {"due": Article.review_due_at, "title": sa.func.lower(Article.title), "updated": Article.content_updated_at},
        default="due",
    )
    query = (
        sa.select(Article)
        .where(_scope(user, whose), _conditions()[which])
        .options(joinedload(Article.owner), joinedload(Article.owner_team), joinedload(Article.section))
        .order_by(Article.review_due_at.is_(None), *order, Article.id)
    )
    return paginate(query)


def _scope(user: User, whose: str) -> ColumnElement[bool]:
    if whose == "mine":
        return sa.and_(workable_by(user), Article.owner_id == user.id)
    if whose == "team":
        return sa.and_(workable_by(user), Article.owner_team_id.in_(sorted(user.team_ids)))
    return workable_by(user)


def _conditions() -> dict[str, ColumnElement[bool]]:
    now, readable = clock.now(), Article.state.in_(READABLE_STATES)
    flagged = sa.select(ArticleFeedback.article_id).where(ArticleFeedback.state == FeedbackState.OPEN)
    target = aliased(Article)
    broken = (
        sa.select(ArticleLink.article_id)
        .outerjoin(target, target.id == ArticleLink.target_article_id)
        .where(is_broken(target))
    )
    weak = sa.select(ArticleQuality.article_id).where(ArticleQuality.score < PASS_MARK)
    return {
        "due": sa.and_(readable, Article.review_due_at > now, Article.review_due_at <= now + SOON),
        "overdue": sa.and_(readable, Article.review_due_at <= now),
        "flagged": Article.id.in_(flagged),
        "failing": sa.and_(readable, Article.id.in_(_failing())),
        "drafts": sa.and_(Article.work_state == WorkState.DRAFT, Article.state != ArticleState.RETIRED),
        "in_review": Article.work_state.in_((WorkState.IN_REVIEW, WorkState.SCHEDULED)),
        "expired": Article.state == ArticleState.EXPIRED,
        "unowned": sa.and_(readable, Article.owner_id.is_(None)),
        "broken": sa.and_(readable, Article.id.in_(broken)),
        "weak": sa.and_(readable, Article.id.in_(weak)),
        "all": Article.state != ArticleState.RETIRED,
    }


def _failing() -> sa.Select[int]:
    bad = sa.func.sum(sa.case((ArticleOutcome.outcome.in_((Outcome.NOT_SOLVED, Outcome.CAME_BACK)), 1), else_=0))
    return (
        sa.select(ArticleOutcome.article_id)
        .where(
            ArticleOutcome.at >= clock.now() - FAILING_WITHIN,
            ArticleOutcome.outcome.in_((Outcome.SOLVED, Outcome.NOT_SOLVED, Outcome.CAME_BACK)),
        )
        .group_by(ArticleOutcome.article_id)
        .having(sa.func.count() >= FAILING_LEAST, bad * 2 > sa.func.count())
    )


@dataclass(frozen=True)
class SectionHealth:
    """The state of the articles of one section."""

    name: str
    slug: str
    articles: int
    # Mean of the articles' scores, 0 to 100.
    score: int
    weak: int
    overdue: int


def health_by_section(user: User) -> list[SectionHealth]:
    """Return the health of every section with articles somebody works on, the weakest first; one query."""
    overdue = sa.case((Article.review_due_at <= clock.now(), 1), else_=0)
    query = (
        sa.select(
            Section.name,
            Section.slug,
            sa.func.count(Article.id),
            sa.func.avg(ArticleQuality.score),
            sa.func.sum(sa.case((ArticleQuality.score < PASS_MARK, 1), else_=0)),
            sa.func.sum(overdue),
        )
        .join(Article, Article.section_id == Section.id)
        .join(ArticleQuality, ArticleQuality.article_id == Article.id)
        .where(Article.state.in_(READABLE_STATES), workable_by(user))
        .group_by(Section.id, Section.name, Section.slug)
        .order_by(sa.func.avg(ArticleQuality.score), Section.name)
    )
    return [
        SectionHealth(name, slug, articles, round(score), int(weak), int(late))
        for name, slug, articles, score, weak, late in db.session.execute(query)
    ]
