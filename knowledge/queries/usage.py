"""What is known of articles: how often they are read, and what came of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from knowledge.enums import READABLE_STATES, ArticleState, Outcome
from knowledge.models import Article, ArticleDay, ArticleOutcome
from knowledge.permissions import Reader, visible_to, workable_by
from knowledge.usage import Usage
from portal.core import clock
from portal.core.db import db
from portal.core.web.paging import Page, paginate
from portal.directory.api import User

RECENT = timedelta(days=30)
MOST_READ = 5
# Fewer readings are chance.
READ_LEAST = 3
RESULTS = ("fails", "works", "unknown")

_FIELDS = {
    Outcome.SOLVED: "solved",
    Outcome.NOT_SOLVED: "not_solved",
    Outcome.CAME_BACK: "came_back",
    Outcome.LINKED: "linked",
}


@dataclass(frozen=True)
class Day:
    """How often an article was read on one day."""

    day: date
    views: int
    readers: int


def usage_of(article_ids: Iterable[int]) -> dict[int, Usage]:
    """Return the numbers of each article; two queries."""
    counts: dict[int, dict[str, int]] = {article_id: {} for article_id in article_ids}
    outcomes = (
        sa.select(ArticleOutcome.article_id, ArticleOutcome.outcome, sa.func.count())
        .where(ArticleOutcome.article_id.in_(list(counts)))
        .group_by(ArticleOutcome.article_id, ArticleOutcome.outcome)
    )
    read = (
        sa.select(ArticleDay.article_id, sa.func.sum(ArticleDay.views), sa.func.sum(ArticleDay.readers))
        .where(ArticleDay.article_id.in_(list(counts)))
        .group_by(ArticleDay.article_id)
    )
    if counts:
        for article_id, outcome, number in db.session.execute(outcomes):
            counts[article_id][_FIELDS[outcome]] = number
        for article_id, views, readers in db.session.execute(read):
            counts[article_id] |= {"views": int(views), "readers": int(readers)}
    return {article_id: Usage(**numbers) for article_id, numbers in counts.items()}


def list_days(article: Article) -> list[Day]:
    """Return the last 30 days of an article, the oldest first, those without readers too."""
    today = clock.now().date()
    first = today - RECENT + timedelta(days=1)
    query = sa.select(ArticleDay).where(ArticleDay.article_id == article.id, ArticleDay.day >= first)
    known = {row.day: row for row in db.session.scalars(query)}
    days = [first + timedelta(days=number) for number in range(RECENT.days)]
    return [Day(day, known[day].views, known[day].readers) if day in known else Day(day, 0, 0) for day in days]


def list_most_read(reader: Reader) -> Sequence[Article]:
    """Return what was read most in the last 30 days, of what this reader may read; one query."""
    views = sa.func.sum(ArticleDay.views)
    query = (
        sa.select(Article)
        .join(ArticleDay, ArticleDay.article_id == Article.id)
        .where(
            visible_to(reader), Article.state == ArticleState.PUBLISHED, ArticleDay.day > clock.now().date() - RECENT
        )
        .group_by(Article.id)
        .having(views >= READ_LEAST)
        .order_by(views.desc(), Article.id)
        .limit(MOST_READ)
    )
    return db.session.scalars(query).all()


def page_of_results(user: User, which: str) -> Page[Article]:
    """Return the articles somebody works on by what came of them: those that fail, that work, or nobody judged.

    An article works when at least half of its judged outcomes were good.
    """
    totals = _totals()
    good, bad = sa.func.coalesce(totals.c.good, 0), sa.func.coalesce(totals.c.bad, 0)
    since = clock.now().date() - RECENT
    read = (
        sa.select(ArticleDay.article_id, sa.func.sum(ArticleDay.views).label("views"))
        .where(ArticleDay.day > since)
        .group_by(ArticleDay.article_id)
        .subquery()
    )
    views = sa.func.coalesce(read.c.views, 0)
    conditions = {"fails": bad > good, "works": sa.and_(good > 0, good >= bad), "unknown": good + bad == 0}
    orders = {"fails": (bad - good).desc(), "works": (good - bad).desc(), "unknown": views.desc()}
    query = (
        sa.select(Article)
        .outerjoin(totals, totals.c.article_id == Article.id)
        .outerjoin(read, read.c.article_id == Article.id)
        .where(Article.state.in_(READABLE_STATES), workable_by(user), conditions[which])
        .options(joinedload(Article.owner), joinedload(Article.owner_team))
        .order_by(orders[which], views.desc(), sa.func.lower(Article.title), Article.id)
    )
    return paginate(query)


def _totals() -> sa.Subquery:
    """Return the good and bad outcomes of each article, counted as ``Usage`` does."""

    def number(*outcomes: Outcome) -> sa.Function[int]:
        return sa.func.sum(sa.case((ArticleOutcome.outcome.in_(outcomes), 1), else_=0))

    solved, back = number(Outcome.SOLVED), number(Outcome.CAME_BACK)
    return (
        sa.select(
            ArticleOutcome.article_id,
            sa.case((solved > back, solved - back), else_=0).label("good"),
            number(Outcome.NOT_SOLVED, Outcome.CAME_BACK).label("bad"),
        )
        .group_by(ArticleOutcome.article_id)
        .subquery()
    )
