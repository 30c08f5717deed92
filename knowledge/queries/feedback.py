"""Readers' complaints for those who answer them, and usage of articles."""

from collections.abc import Iterable

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from knowledge.enums import FeedbackState, Outcome
from knowledge.models import Article, ArticleFeedback, ArticleOutcome
from knowledge.permissions import workable_by
from knowledge.usage import Usage
from portal.core.db import db
from portal.core.web.paging import Page, paginate
from portal.directory.api import User

_FIELDS = {
    Outcome.VIEWED: "views",
    Outcome.SOLVED: "solved",
    Outcome.NOT_SOLVED: "not_solved",
    Outcome.CAME_BACK: "came_back",
    Outcome.LINKED: "linked",
}


def get_feedback(feedback_id: int, user: User) -> ArticleFeedback:
    """Return a remark on an article somebody works on, else answer 404."""
    query = (
        sa.select(ArticleFeedback)
        .join(ArticleFeedback.article)
        .where(ArticleFeedback.id == feedback_id, workable_by(user))
        .options(joinedload(ArticleFeedback.user), joinedload(ArticleFeedback.answered_by))
    )
    feedback = db.session.scalars(query).first()
    if feedback is None:
        abort(404)
    return feedback


def page_of_open_feedback(user: User) -> Page[ArticleFeedback]:
    """Return the complaints that wait for an answer, the one due first on top."""
    query = (
        sa.select(ArticleFeedback)
        .join(ArticleFeedback.article)
        .where(ArticleFeedback.state == FeedbackState.OPEN, workable_by(user))
        .options(joinedload(ArticleFeedback.article).joinedload(Article.owner), joinedload(ArticleFeedback.user))
        .order_by(ArticleFeedback.due_at, ArticleFeedback.id)
    )
    return paginate(query)


def usage_of(article_ids: Iterable[int]) -> dict[int, Usage]:
    """Return the numbers of each article; one query."""
    counts: dict[int, dict[str, int]] = {article_id: {} for article_id in article_ids}
    query = (
        sa.select(ArticleOutcome.article_id, ArticleOutcome.outcome, sa.func.count())
        .where(ArticleOutcome.article_id.in_(list(counts)))
        .group_by(ArticleOutcome.article_id, ArticleOutcome.outcome)
    )
    for article_id, outcome, number in db.session.execute(query) if counts else ():
        counts[article_id][_FIELDS[outcome]] = number
    return {article_id: Usage(**numbers) for article_id, numbers in counts.items()}
